// Requests as bytes: under which names, by which paths and methods a server is reached that is open to its own machine alone.
import { connect as dial } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connect, type Longshore } from "longshore";
import { createServer, type LongshoreServer } from "longshore/server";

let longshore: Longshore;
let server: LongshoreServer;
let port: number;

beforeAll(async () => {
  longshore = await connect("memory:");
  server = createServer(longshore, { log: () => {} });
  ({ port } = await server.listen({ port: 0 }));
});

afterAll(async () => {
  await server.close();
  await longshore.close();
});

/** The status of what these lines are answered with. */
function ask(line: string, ...headers: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = dial(port, "127.0.0.1", () =>
      socket.write([line, ...headers, "Connection: close", "", ""].join("\r\n")),
    );
    socket.on("data", (bytes) => (text += String(bytes)));
    socket.once("close", () => resolve(Number(text.split(" ")[1])));
    socket.once("error", reject);
  });
}

it.each<[string, number]>([
  ["localhost", 200],
  ["LOCALHOST:9181", 200],
  ["localhost.", 200],
  ["jobs.localhost", 200],
  ["127.0.0.1:1", 200],
  ["127.1.2.3", 200],
  ["[::1]:80", 200],
  ["evil.example", 403],
  ["localhost.evil.example", 403],
  ["127.0.0.1.evil.example", 403],
  ["127.1", 403],
  ["2130706433", 403],
  ["0x7f.1", 403],
  ["[::ffff:7f00:1]", 403],
  ["localhost:80:80", 400],
  ["user@localhost", 400],
  ["localhost@evil.example", 400],
  ["evil.example#.localhost", 400],
  ["evil.example/.localhost", 400],
  ["evil.example?.localhost", 400],
  [String.raw`evil.example\.localhost`, 400],
])("a request to the name %s is answered %s", async (host, status) => {
  expect(await ask("GET /api/jobs HTTP/1.1", `Host: ${host}`)).toBe(status);
});

it.each([
  ["/api/jobs?not.tag=/healthz"],
  ["/api/jobs?errorText=x/readyz"],
  ["/api/jobs/healthz"],
  ["/api/queues/readyz"],
  ["/api/jobs?/healthz?"],
  ["/healthz/../api/jobs"],
])("another name is refused for %s, which ends as a health route does", async (path) => {
  expect(await ask(`GET ${path} HTTP/1.1`, "Host: evil.example")).toBe(403);
  expect(await ask(`POST ${path} HTTP/1.1`, "Host: evil.example", "Sec-Fetch-Site: same-origin")).toBe(403);
});

it("two names are none, whichever comes first; the address of a request does not stand for its Host", async () => {
  expect(await ask("GET /api/jobs HTTP/1.1", "Host: localhost", "Host: evil.example")).toBe(403);
  expect(await ask("GET /api/jobs HTTP/1.1", "Host: evil.example", "Host: localhost")).toBe(403);
  expect(await ask("GET http://localhost/api/jobs HTTP/1.1", "Host: evil.example")).toBe(403);
  expect(await ask("GET /api/jobs HTTP/1.0", "Host: evil.example")).toBe(403);
  expect(await ask("GET /api/jobs HTTP/1.0")).toBe(200);
  expect(await ask("GET /api/jobs HTTP/1.1")).toBe(400);
});

it.each([
  "X-Forwarded-For: 127.0.0.1",
  "X-Forwarded-Host: localhost",
  "X-Forwarded-Proto: https",
  "X-Forwarded-Server: proxy",
  "Forwarded: for=127.0.0.1",
  "Via: 1.1 proxy",
  "X-Real-IP: 127.0.0.1",
  "CF-Connecting-IP: 192.0.2.1",
  "True-Client-IP: 192.0.2.1",
  "CDN-Loop: cloudflare",
])("what a proxy has passed on (%s) comes from elsewhere, and needs a token", async (header) => {
  expect(await ask("GET /api/jobs HTTP/1.1", "Host: localhost", header)).toBe(401);
  expect(await ask("GET /healthz HTTP/1.1", "Host: localhost", header)).toBe(200);
});

it("no header and no parameter stands for the method", async () => {
  for (const header of ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"]) {
    const path = "/api/queues/q/pause?_method=POST";
    expect(await ask(`GET ${path} HTTP/1.1`, "Host: localhost", `${header}: POST`)).toBe(405);
  }
  expect((await longshore.queues()).map(({ name }) => name)).toEqual([]);
});

it.each<[string, number]>([
  ["GET //api/jobs", 404],
  ["GET /API/jobs", 404],
  ["GET /api%2fjobs", 404],
  ["GET /api/jobs%2fcount", 404],
  ["GET /api/%2e%2e/nowhere", 404],
  ["GET /api/jobs/", 200],
  ["GET /api/%6aobs", 200],
  ["HEAD /api/jobs", 200],
  ["OPTIONS /api/jobs", 204],
  ["TRACE /api/jobs", 405],
  ["POST /api/jobs/count", 405],
])("%s is answered %s, and to no one without a token what is not so with one", async (line, status) => {
  expect(await ask(`${line} HTTP/1.1`, "Host: localhost")).toBe(status);
  expect(await ask(`${line} HTTP/1.1`, "Host: localhost", "Via: 1.1 proxy")).toBe(401);
});
