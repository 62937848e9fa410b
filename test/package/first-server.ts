// A first server and a client of it, against the packed package: `npm run check:package` compiles it with the types that the
// package ships and runs it.
import { connect, task } from "longshore";
import { connectHttp, HttpProblem } from "longshore/http";
import { createServer } from "longshore/server";

const measure = task("measure", ({ input }: { input: { url: string } }) => ({ length: input.url.length }));

const longshore = await connect("memory:");
const worker = longshore.worker([measure]);
const server = createServer(longshore, { tasks: [measure] });
const { url } = await server.listen({ port: 0 });
const client = connectHttp(url);
const job = await client.enqueue(measure, { url: "https://a.example" });
const { length } = await job.result();
const missing = await client
  .job("nobody")
  .refresh()
  .catch((error: unknown) => error);
console.log(length, missing instanceof HttpProblem ? missing.code : missing);
await server.close();
await worker.stop();
await longshore.close();
