// Thousands of requests for every operation of the document, most of them wrong in some way: each is answered, none of them breaks
// the server, and what it has accepted can be read. LONGSHORE_FUZZ sets how many there are of each operation (1,000), LONGSHORE_SEED
// repeats a run, and LONGSHORE_OPERATION="GET /api/jobs" keeps to one.
import { expect, it } from "vitest";
import { connect } from "longshore";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";
import { fuzzAll, LONGEST, REQUESTS, serverOver, type Send } from "./fuzz/run.js";
import { sendRaw, sendToFetch } from "./fuzz/send.js";
import { OTHERS, PAYLOAD, TAG } from "./fuzz/subjects.js";

it(`${REQUESTS} requests of each operation are answered, wrong in all ways`, { timeout: LONGEST }, async () => {
  const longshore = await connect("memory:");
  const server = serverOver(longshore);
  const share = { from: 0, count: REQUESTS };
  expect(await fuzzAll(longshore, server, share, (request) => sendToFetch(server.fetch, request))).toEqual([]);
  await longshore.close();
});

it("bytes are answered that are no proper requests", { timeout: LONGEST }, async () => {
  const longshore = await connect("memory:");
  const server = serverOver(longshore);
  const { port } = await server.listen({ port: 0 });
  const share = { from: 1_000_000, count: REQUESTS / 20, rows: 10 };
  expect(await fuzzAll(longshore, server, share, (request, chance) => sendRaw(port, request, chance))).toEqual([]);
  await server.close();
  await longshore.close();
});

it.each([
  ["for a tag does not see what others have", { scopes: ["admin"] as const, tag: TAG }, OTHERS],
  ["that may not read payloads sees none", { scopes: ["read", "enqueue", "operate"] as const }, PAYLOAD],
])("a token %s", { timeout: LONGEST }, async (_what, access, hidden) => {
  const longshore = await connect("memory:");
  const token = "the-token-of-this-test";
  const closed = serverOver(longshore, [{ name: "it", token, ...access }]);
  const send: Send = async ({ headers, ...request }) => {
    const rest = headers.filter(([name]) => name !== "authorization" && name !== "host" && name !== "origin");
    const authorized = { ...request, headers: [...rest, ["authorization", `Bearer ${token}`] as const] };
    const answer = await sendToFetch(closed.fetch, authorized);
    if (answer?.text.includes(hidden) === true) throw new Error("it shows what it must not");
    return answer;
  };
  const share = { from: 3_000_000, count: REQUESTS / 20 };
  expect(await fuzzAll(longshore, serverOver(longshore), share, send)).toEqual([]);
  await longshore.close();
});

onEveryEngine("what is stored", (storage) => {
  it("can be read, whatever was accepted", { timeout: LONGEST }, async () => {
    const longshore = await storage.connect();
    const server = serverOver(longshore);
    const share = { from: 2_000_000, count: REQUESTS / 40 };
    expect(await fuzzAll(longshore, server, share, (request) => sendToFetch(server.fetch, request))).toEqual([]);
  });
});
