/** A server process for the scenario `live`: says where it listens, and what CPU time it has used when it is asked. Ends with its parent. */
import { connect } from "longshore";
import { createServer } from "longshore/server";

const [url = ""] = process.argv.slice(2);

process.on("disconnect", () => process.exit(1));

const longshore = await connect(url);
const server = createServer(longshore, { sseClients: { process: 1_000, subject: 1_000 } });
const { port } = await server.listen({ port: 0 });

process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1_000, rssMb: process.memoryUsage.rss() / 1e6 });
});
process.send?.({ port });
