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

it("so many requests may wait for a result, of a token and in the process, and one that has left makes room", async () => {
  const tokens = ["a", "b", "c"].map((name) => ({ name, token: name.repeat(40), scopes: ["read" as const] }));
  const busy = createServer(longshore, { tokens, longPolls: { process: 3, subject: 2 }, log: () => {} });
  const { url } = await busy.listen({ port: 0 });
  const { id } = await longshore.enqueue("never");
  const ask = (token: string, signal?: AbortSignal): Promise<Response> =>
    fetch(`${url}/api/jobs/${id}/result?wait=60s`, {
      headers: { authorization: `Bearer ${token.repeat(40)}` },
      ...(signal === undefined ? {} : { signal }),
    });
  const leaving = new AbortController();
  const first = ask("a", leaving.signal).catch(() => "left");
  const others = [ask("a"), ask("b")];
  await expect.poll(() => busy.polls).toBe(3);
  const refused = await ask("c");
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(await refused.json()).toMatchObject({ code: "TOO_MANY_POLLS", most: 3 });

  leaving.abort();
  expect(await first).toBe("left");
  await expect.poll(() => busy.polls).toBe(2);
  others.push(ask("a"));
  await expect.poll(() => busy.polls).toBe(3);
  await busy.close();
  expect((await Promise.all(others)).map(({ status }) => status)).toEqual([202, 202, 202]);
  expect(busy.polls).toBe(0);
});

it("a token with as many requests that wait as it may have is refused another, and others are not", async () => {
  const tokens = ["a", "b"].map((name) => ({ name, token: name.repeat(40), scopes: ["read" as const] }));
  const busy = createServer(longshore, { tokens, longPolls: { subject: 1 }, log: () => {} });
  const { id } = await longshore.enqueue("never");
  const ask = (token: string): Promise<Response> =>
    busy.fetch(
      new Request(`http://localhost/api/jobs/${id}/result?wait=60s`, {
        headers: { authorization: `Bearer ${token.repeat(40)}` },
      }),
    );
  const waiting = [ask("a")];
  await expect.poll(() => busy.polls).toBe(1);
  const refused = await ask("a");
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "5"]);
  waiting.push(ask("b"));
  await expect.poll(() => busy.polls).toBe(2);
  await busy.close();
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([202, 202]);
});
