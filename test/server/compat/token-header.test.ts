// A token in a header of another system counts as one in Authorization, whichever way a request comes.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { Hono } from "hono";
import { expect, it } from "vitest";
import { tokenFrom } from "../../../src/server/compat/token-header.js";
import type { ServerEnv } from "../../../src/server/http/env.js";
import { nodeHandler } from "../../../src/server/http/node-handler.js";

const app = new Hono<ServerEnv>();
app.use("*", tokenFrom("x-internal-service-token"));
app.all("*", async (c) => c.json({ token: c.req.header("authorization") ?? null, body: await c.req.text() }));

const post = (headers: Record<string, string>): RequestInit => ({ method: "POST", headers, body: '{"task":"t"}' });

async function sent(headers: Record<string, string>): Promise<unknown> {
  return (await app.request("/", post(headers))).json();
}

it("is taken where there is no Authorization", async () => {
  const body = '{"task":"t"}';
  expect(await sent({ "X-Internal-Service-Token": "secret" })).toEqual({ token: "Bearer secret", body });
  const both = { "x-internal-service-token": "secret", authorization: "Bearer other" };
  expect(await sent(both)).toEqual({ token: "Bearer other", body });
  expect(await sent({})).toEqual({ token: null, body });
});

it("is taken from requests of node:http, with their body", async () => {
  const server = createServer(nodeHandler(async (request) => app.fetch(request)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/`, post({ "x-internal-service-token": "secret" }));
  expect(await response.json()).toEqual({ token: "Bearer secret", body: '{"task":"t"}' });
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

it("leaves the request of the host application as it was", async () => {
  const request = new Request("http://localhost/", post({ "x-internal-service-token": "secret" }));
  await app.request(request);
  expect(request.headers.get("authorization")).toBeNull();
});
