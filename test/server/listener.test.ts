// A server that listens: its address, requests that are no proper ones, and its end.
import { connect as connectSocket } from "node:net";
import { once } from "node:events";
import { afterEach, beforeEach, expect, it } from "vitest";
import { attach, connect, type Engine, type Longshore } from "longshore";
import { createServer, type LongshoreServer } from "longshore/server";
import { openEngine } from "../../src/engine/open.js";
import { withCommands } from "../worker/fixtures/fake-time-fixture.js";

let longshore: Longshore;
let server: LongshoreServer;

beforeEach(async () => {
  longshore = await connect("memory:");
  server = createServer(longshore, { log: () => {} });
});

afterEach(async () => {
  await server.close();
  await longshore.close();
});

/** What the server answers to bytes. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connectSocket(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (data) => (answer += data.toString()));
  socket.write(bytes);
  await once(socket, "close");
  return answer;
}

it("takes a free port for 0, and says its address", async () => {
  const { host, port, url } = await server.listen({ port: 0 });
  expect({ host, url }).toEqual({ host: "127.0.0.1", url: `http://127.0.0.1:${port}` });
  expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: "ok" });
});

it("says that a port is taken, and can listen on another then", async () => {
  const { port } = await server.listen({ port: 0 });
  const other = createServer(longshore);
  await expect(other.listen({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  await other.listen({ port: 0 });
  await other.close();
});

it.each([
  ["a port that is none", { port: 70_000 }, "port"],
  ["no host", { host: "" }, "host"],
])("refuses %s", async (_what, options, field) => {
  await expect(server.listen(options)).rejects.toMatchObject({ code: "INVALID_INPUT", field });
});

it.each([
  ["a Host header that is no address", "GET /healthz HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n"],
  ["HTTP/1.0 and no Host header", "GET /readyz HTTP/1.0\r\n\r\n"],
])("answers probes with %s", async (_what, bytes) => {
  const { port } = await server.listen({ port: 0 });
  expect(await raw(port, bytes)).toMatch(/^HTTP\/1.1 200 /);
});

it("refuses other requests with a Host header that is no address", async () => {
  const { port } = await server.listen({ port: 0 });
  const answer = await raw(port, "GET /api/jobs HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n");
  expect(answer).toMatch(/^HTTP\/1.1 400 /);
  expect(answer).toContain('"code":"BAD_REQUEST"');
});

it("closes at once although a browser has opened a connection in advance", async () => {
  const { port } = await server.listen({ port: 0 });
  const socket = connectSocket(port, "127.0.0.1");
  await once(socket, "connect");
  await expect.poll(() => server.connections).toBe(1);
  const gone = once(socket.resume(), "close");
  await server.close();
  await gone;
});

it("answers requests that wait when it closes", async () => {
  let waits = 0;
  const engine = await openEngine({ engine: "memory" });
  const awaitEvents: Engine["awaitEvents"] = (params) => {
    waits += 1;
    return engine.awaitEvents(params);
  };
  const watched = attach(withCommands(engine, { awaitEvents }));
  const closing = createServer(watched, { log: () => {} });
  const { url } = await closing.listen({ port: 0 });
  const { id } = await watched.enqueue("never");
  const waiting = fetch(`${url}/api/jobs/${id}/result?wait=60s`);
  await expect.poll(() => waits).toBe(1);
  await closing.close();
  const answer = await waiting;
  expect(answer.status).toBe(202);
  expect(await answer.json()).toMatchObject({ ended: false, state: "queued" });
  await watched.close();
});
