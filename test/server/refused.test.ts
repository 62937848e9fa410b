// Requests that no route takes, or that are none: each is answered, with a problem.
import { connect as connectSocket } from "node:net";
import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect, type Longshore } from "longshore";
import { createServer, type LongshoreServer } from "longshore/server";
import { apiOf, type Api } from "./api.js";

let longshore: Longshore;
let server: LongshoreServer;
let call: Api;

beforeEach(async () => {
  longshore = await connect("memory:");
  server = createServer(longshore, { open: true, log: () => {} });
  call = apiOf(longshore);
});

afterEach(async () => {
  await server.close();
  await longshore.close();
});

describe("a request that no route takes", () => {
  it("is answered with the methods that its path takes", async () => {
    const refused = await call("PUT /api/jobs/a");
    expect(refused.body).toMatchObject({ status: 405, code: "METHOD_NOT_ALLOWED" });
    expect(refused.headers.get("allow")).toBe("DELETE, GET, HEAD, OPTIONS, PATCH");
    expect((await call("GET /api/jobs/a/cancel")).headers.get("allow")).toBe("OPTIONS, POST");
    expect((await call("POST /healthz")).headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    const options = await call("OPTIONS /api/jobs/");
    expect([options.status, options.headers.get("allow"), options.body]).toEqual([204, "GET, HEAD, OPTIONS, POST", ""]);
  });

  it("hears that there is no such path, whatever the method", async () => {
    for (const method of ["GET", "OPTIONS", "DELETE"]) {
      const refused = await call(`${method} /api/nothing`);
      expect(refused.body).toMatchObject({ status: 404, code: "NO_SUCH_ROUTE" });
      expect(refused.headers.get("allow")).toBeNull();
    }
  });

  it("is answered with the headers alone when it asks for them", async () => {
    const head = await server.fetch(new Request("http://localhost/api/jobs", { method: "HEAD" }));
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it("is not answered with all that it said", async () => {
    const long = await call(`GET /${"a".repeat(5_000)}`);
    expect(long.body.detail.length).toBeLessThan(600);
    const wrong = await call("PATCH /api/jobs/a", { ["x".repeat(5_000)]: 1 });
    expect(JSON.stringify(wrong.body).length).toBeLessThan(2_000);
  });
});

describe("a body", () => {
  it("is refused when it is compressed", async () => {
    const body = new Uint8Array(gzipSync('{"task":"t"}'));
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    const response = await server.fetch(new Request("http://localhost/api/jobs", { method: "POST", headers, body }));
    expect([response.status, await response.json()]).toMatchObject([415, { code: "UNSUPPORTED_ENCODING" }]);
  });

  it.each(["text/plain", "application/merge-patch+json", "application/jsonx"])("is refused as %s", async (type) => {
    const refused = await call("POST /api/jobs", '{"task":"t"}', { "content-type": type });
    expect(refused.body).toMatchObject({ status: 415, code: "UNSUPPORTED_MEDIA_TYPE" });
  });

  it("without bytes is none, also when it comes in chunks", async () => {
    const { id } = await longshore.enqueue("t", null, { delay: "1h" });
    await (await longshore.job(id))?.cancel();
    const { port } = await server.listen({ port: 0 });
    const [answer] = await raw(
      port,
      `POST /api/jobs/${id}/retry HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    );
    expect(answer).toMatchObject({ status: 200, body: { state: "queued" } });
  });
});

describe("bytes", () => {
  const host = "Host: localhost\r\n";
  const refused: [what: string, bytes: string, status: number, code: string][] = [
    ["that are no HTTP", "hello\r\n\r\n", 400, "BAD_REQUEST"],
    ["with a length that is none", `POST /api/jobs HTTP/1.1\r\n${host}Content-Length: 1e3\r\n\r\n`, 400, "BAD_REQUEST"],
    [
      "with two lengths",
      `POST /api/jobs HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}`,
      400,
      "BAD_REQUEST",
    ],
    ["without a host", "GET /api/jobs HTTP/1.1\r\n\r\n", 400, "BAD_REQUEST"],
    ["with a host that no address has", "GET /api/jobs HTTP/1.1\r\nHost: xn--\r\n\r\n", 400, "BAD_REQUEST"],
    [
      "with headers that are too large",
      `GET /api/jobs HTTP/1.1\r\n${host}x: ${"a".repeat(20_000)}\r\n\r\n`,
      431,
      "HEADERS_TOO_LARGE",
    ],
    [
      "with an address that is too long",
      `GET /${"a".repeat(20_000)} HTTP/1.1\r\n${host}\r\n`,
      431,
      "HEADERS_TOO_LARGE",
    ],
    ["that expect too much", `GET /api/jobs HTTP/1.1\r\n${host}Expect: 200-ok\r\n\r\n`, 417, "EXPECTATION_FAILED"],
    ["that take the server for a proxy", `CONNECT example.org:443 HTTP/1.1\r\n${host}\r\n`, 405, "METHOD_NOT_ALLOWED"],
    [
      "with bytes that are no text",
      `POST /api/jobs HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n\u00ff\u00fe`,
      400,
      "INVALID_BODY",
    ],
  ];

  it.each(refused)("%s are answered with a problem", async (_what, bytes, status, code) => {
    const { port } = await server.listen({ port: 0 });
    const [answer] = await raw(port, bytes);
    expect(answer).toMatchObject({ status, type: "application/problem+json; charset=utf-8", body: { status, code } });
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  });

  it("of requests that come one upon the other are answered in their order", async () => {
    const { port } = await server.listen({ port: 0 });
    const answers = await raw(
      port,
      ["/api/jobs", "/api/nothing", "/healthz"].map((path) => `GET ${path} HTTP/1.1\r\n${host}\r\n`).join(""),
      3,
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 200]);
  });

  it("may wait to be asked for, come in chunks, and have trailers", async () => {
    const { port } = await server.listen({ port: 0 });
    const bytes = [
      ...["POST /api/jobs HTTP/1.1", "Host: localhost", "Content-Type: application/json", "Expect: 100-continue"],
      ...["Transfer-Encoding: chunked", "", "6", '{"task', "6", '":"t"}', "0", "x-trailer: 1", "", ""],
    ];
    expect(await raw(port, bytes.join("\r\n"))).toMatchObject([{ status: 202, body: { status: "queued" } }]);
  });
});

interface RawAnswer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: unknown;
}

/** The answers to bytes, as many as are expected; `100 Continue` is none. */
async function raw(port: number, bytes: string, expected = 1): Promise<RawAnswer[]> {
  const socket = connectSocket(port, "127.0.0.1");
  const closed = once(socket, "close");
  let text = "";
  const enough = new Promise<void>((resolve) => {
    socket.on("data", (data) => {
      text += data.toString();
      if (answersOf(text).length >= expected) resolve();
    });
    void closed.then(() => resolve());
  });
  socket.write(bytes, "latin1");
  await enough;
  socket.destroy();
  await closed;
  return answersOf(text);
}

function answersOf(text: string): RawAnswer[] {
  return text
    .split(/(?=HTTP\/1\.1 \d)/)
    .filter((part) => /^HTTP\/1\.1 [2-5]/.test(part) && part.includes("}"))
    .map((part) => ({
      status: Number(part.slice(9, 12)),
      type: /content-type: (.*)\r/i.exec(part)?.[1],
      body: JSON.parse(/\{.*\}/s.exec(part)?.[0] ?? "null") as unknown,
    }));
}

it("a client that hangs up half-way is no fault of the server", async () => {
  const logged: unknown[][] = [];
  await server.close();
  server = createServer(longshore, { open: true, log: (...line) => void logged.push(line) });
  const { port } = await server.listen({ port: 0 });
  const head =
    "POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n";
  const socket = connectSocket(port, "127.0.0.1");
  socket.write(`${head}{"task":`);
  // The body is read by now: a request after it is answered.
  expect((await fetch(`http://127.0.0.1:${port}/api/jobs`)).status).toBe(200);
  socket.destroy();
  await expect.poll(() => server.connections).toBe(0);
  expect(await longshore.queues()).toEqual([]);
  expect(logged.filter(([level]) => level === "error")).toEqual([]);
});
