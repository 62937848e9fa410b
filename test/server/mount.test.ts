// The server within applications of every kind, under a path of theirs and behind a proxy that takes another one off: all methods and
// bodies reach it, and what it says of its own address is right.
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import compression from "compression";
import express from "express";
import express4 from "express4";
import fastify from "fastify";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect, type Longshore } from "longshore";
import { createServer, type LongshoreServer } from "longshore/server";

/** Where an application answers, and how it ends. */
interface Running {
  readonly url: string;
  close(): Promise<unknown>;
}

/** An application with a server under `/admin/jobs`. `parses`: it has read JSON bodies before the server is asked. */
interface Host {
  readonly parses?: boolean;
  start(longshore: Longshore): Promise<Running>;
}

const PREFIX = "/admin/jobs";

/** The servers of the test that runs. */
const servers: LongshoreServer[] = [];

/** A server under a path that it knows, unless its host says it. */
function mounted(longshore: Longshore, basePath = PREFIX): LongshoreServer {
  const server = createServer(longshore, { open: true, basePath, log: () => {} });
  servers.push(server);
  return server;
}

async function running(server: {
  address(): AddressInfo | string | null;
  close(done: (error?: Error) => void): unknown;
  closeAllConnections?(): void;
}): Promise<Running> {
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve(null));
        server.closeAllConnections?.();
      }),
  };
}

function listening(app: express.Express): Promise<Running> {
  return new Promise((resolve) => {
    const server = app.listen(0, "127.0.0.1", () => resolve(running(server)));
  });
}

const HOSTS: Readonly<Record<string, Host>> = {
  "node:http": {
    start: (longshore) => {
      const { node } = mounted(longshore);
      const server = createHttpServer((request, response) => {
        if (request.url?.startsWith(PREFIX) === true) node(request, response);
        else response.writeHead(200).end("the host's own");
      });
      return new Promise((resolve) => {
        server.listen(0, "127.0.0.1", () => resolve(running(server)));
      });
    },
  },
  "Express, which says where it has mounted it": {
    start: (longshore) => {
      const { node } = mounted(longshore, "");
      return listening(
        express()
          .use(PREFIX, node)
          .use((_request, response) => void response.send("the host's own")),
      );
    },
  },
  "Express behind express.json()": {
    parses: true,
    start: (longshore) => {
      const { node } = mounted(longshore);
      return listening(
        express()
          .use(express.json({ limit: "2mb" }))
          .use(PREFIX, node)
          .use((_request, response) => void response.send("the host's own")),
      );
    },
  },
  "Express behind compression()": {
    start: (longshore) => {
      const { node } = mounted(longshore);
      return listening(
        express()
          .use(compression({ threshold: 0 }))
          .use(PREFIX, node)
          .use((_request, response) => void response.send("the host's own")),
      );
    },
  },
  "Express 4, which says where it has mounted it": {
    start: (longshore) => {
      const { node } = mounted(longshore, "");
      return listening(
        express4()
          .use(PREFIX, node)
          .use((_request, response) => void response.send("the host's own")),
      );
    },
  },
  "Express 4 behind express.json()": {
    parses: true,
    start: (longshore) => {
      const { node } = mounted(longshore, "");
      return listening(
        express4()
          .use(express4.json({ limit: "2mb" }))
          .use(PREFIX, node)
          .use((_request, response) => void response.send("the host's own")),
      );
    },
  },
  "Express, in a router within a router": {
    start: (longshore) => {
      const { node } = mounted(longshore, "");
      const inner = express.Router().use("/jobs", node);
      return listening(
        express()
          .use("/admin", inner)
          .use((_request, response) => void response.send("the host's own")),
      );
    },
  },
  Fastify: {
    start: async (longshore) => {
      const { node } = mounted(longshore);
      const app = fastify({ forceCloseConnections: true });
      await app.register(async (jobs) => {
        // The server reads bodies itself.
        jobs.removeAllContentTypeParsers();
        jobs.addContentTypeParser("*", (_request, _payload, done) => done(null));
        for (const path of [PREFIX, `${PREFIX}/*`]) {
          jobs.all(path, (request, reply) => {
            reply.hijack();
            node(request.raw, reply.raw);
          });
        }
      });
      app.setNotFoundHandler((_request, reply) => reply.code(200).send("the host's own"));
      return { url: await app.listen({ port: 0, host: "127.0.0.1" }), close: () => app.close() };
    },
  },
  "Fastify, which has parsed the body": {
    parses: true,
    start: async (longshore) => {
      const { node } = mounted(longshore);
      const app = fastify({ forceCloseConnections: true, bodyLimit: 2_000_000 });
      for (const path of [PREFIX, `${PREFIX}/*`]) {
        app.all(path, (request, reply) => {
          reply.hijack();
          node(Object.assign(request.raw, { body: request.body }), reply.raw);
        });
      }
      app.setNotFoundHandler((_request, reply) => reply.code(200).send("the host's own"));
      return { url: await app.listen({ port: 0, host: "127.0.0.1" }), close: () => app.close() };
    },
  },
  Hono: {
    start: (longshore) => {
      const { fetch } = mounted(longshore);
      const app = new Hono();
      app.all(PREFIX, (c) => fetch(c.req.raw));
      app.all(`${PREFIX}/*`, (c) => fetch(c.req.raw));
      app.notFound((c) => c.text("the host's own", 200));
      return honoOn(app);
    },
  },
  "Hono, which takes the path off": {
    start: (longshore) => {
      const app = new Hono().mount(PREFIX, mounted(longshore).fetch);
      app.notFound((c) => c.text("the host's own", 200));
      return honoOn(app);
    },
  },
};

function honoOn(app: Hono): Promise<Running> {
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () => resolve(running(server)));
  });
}

describe.each(Object.entries(HOSTS))("mounted in %s", (_name, host) => {
  let longshore: Longshore;
  let place: Running;

  beforeEach(async () => {
    longshore = await connect("memory:");
    place = await host.start(longshore);
  });
  afterEach(async () => {
    await Promise.all([place.close(), ...servers.splice(0).map((server) => server.close())]);
    await longshore.close();
  });

  /** Reads the answer to its end, so that no connection waits for that. */
  async function ask(path: string, init: RequestInit & { json?: unknown } = {}): Promise<Response> {
    const { json, ...rest } = init;
    const headers = new Headers(rest.headers);
    if (json !== undefined) headers.set("content-type", "application/json");
    const response = await fetch(`${place.url}${path}`, {
      ...rest,
      headers,
      ...(json === undefined ? {} : { body: JSON.stringify(json), method: rest.method ?? "POST" }),
    });
    const body = await response.text();
    const { status, headers: answered } = response;
    return new Response(status === 204 ? null : body, { status, headers: answered });
  }

  it("accepts jobs, shows them, changes and removes them", async () => {
    const accepted = await ask(`${PREFIX}/api/jobs`, {
      json: { task: "scan", input: { url: "é" }, options: { delay: "1h" } },
    });
    expect(accepted.status).toBe(202);
    const self = accepted.headers.get("location") ?? "";
    expect(self).toMatch(/^\/admin\/jobs\/api\/jobs\//);
    const job = (await (await ask(self)).json()) as { input: unknown; links: Record<string, string> };
    expect(job).toMatchObject({ state: "delayed", input: { url: "é" }, links: { self } });
    for (const link of Object.values(job.links)) expect(link.startsWith(`${PREFIX}/api/jobs/`)).toBe(true);

    expect((await ask(self, { method: "PATCH", json: { priority: -5 } })).status).toBe(200);
    expect(await (await ask(job.links["result"] ?? "")).json()).toMatchObject({ ended: false });
    const removed = await ask(self, { method: "DELETE" });
    expect([removed.status, await removed.text()]).toEqual([204, ""]);
    expect((await ask(self)).status).toBe(404);
  });

  it("takes long bodies, and none", async () => {
    const input = "x".repeat(120_000);
    expect((await ask(`${PREFIX}/api/jobs`, { json: { task: "scan", input } })).status).toBe(202);
    expect((await ask(`${PREFIX}/api/queues/scans/pause`, { method: "POST" })).status).toBe(200);
    const put = await ask(`${PREFIX}/api/schedules/nightly`, { method: "PUT", json: { task: "scan", cron: "@daily" } });
    expect(put.status).toBe(201);
    expect(put.headers.get("location")).toBe(`${PREFIX}/api/schedules/nightly`);
  });

  it("says what is wrong as it does elsewhere", async () => {
    const wrong = await ask(`${PREFIX}/api/jobs`, { json: { tsak: "scan" } });
    expect([wrong.status, wrong.headers.get("content-type")]).toEqual([400, expect.stringContaining("problem+json")]);
    expect(await wrong.json()).toMatchObject({ code: "INVALID_INPUT" });
    expect(await (await ask(`${PREFIX}/api/nonsense`)).json()).toMatchObject({ code: "NO_SUCH_ROUTE" });
    const text = await ask(`${PREFIX}/api/jobs`, {
      method: "POST",
      body: "task=scan",
      headers: { "content-type": "text/plain" },
    });
    expect(text.status).toBe(415);
    if (host.parses === true) return;
    const half = await ask(`${PREFIX}/api/jobs`, {
      method: "POST",
      body: '{"task":',
      headers: { "content-type": "application/json" },
    });
    expect(await half.json()).toMatchObject({ code: "INVALID_BODY" });
  });

  it("has a home page with links that lead somewhere, with and without a slash at the end", async () => {
    for (const path of [PREFIX, `${PREFIX}/`]) {
      const page = await (await ask(path)).text();
      const links = [...page.matchAll(/href="([^"]+)"/g)].map(([, link = ""]) => link);
      expect(links.length).toBeGreaterThan(3);
      for (const link of links) {
        expect(link.startsWith(`${PREFIX}/api/`)).toBe(true);
        expect([link, (await ask(link)).status]).toEqual([link, 200]);
      }
    }
    expect((await ask(`${PREFIX}/healthz`)).status).toBe(200);
    expect((await ask(`${PREFIX}/readyz`)).status).toBe(200);
  });

  it("hands on each event as it comes", async () => {
    const leaving = new AbortController();
    const { body } = await fetch(`${place.url}${PREFIX}/api/events?topics=overview`, { signal: leaving.signal });
    const text = (body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream());
    let seen = "";
    for await (const part of text) {
      seen += part;
      if (seen.includes("event: snapshot")) break;
    }
    expect(seen).toContain("event: open");
    leaving.abort();
  });

  it("leaves all other paths to its host", async () => {
    for (const path of ["/", "/api/jobs", "/admin"]) expect(await (await ask(path)).text()).toBe("the host's own");
  });

  it("puts the prefix that a proxy has taken off before its links", async () => {
    const headers = { "x-forwarded-prefix": "/ops" };
    const { status, headers: answered } = await ask(`${PREFIX}/api/jobs`, { headers, json: { task: "scan" } });
    const location = answered.get("location") ?? "";
    expect([status, location.startsWith(`/ops${PREFIX}/api/jobs/`)]).toEqual([202, true]);
    const job = await (await ask(location.slice("/ops".length), { headers })).json();
    expect(job).toMatchObject({ links: { self: location } });
    const page = await (await ask(`${PREFIX}/`, { headers })).text();
    expect(page).toContain(`href="/ops${PREFIX}/api/queues"`);
    const forged = await ask(`${PREFIX}/`, { headers: { "x-forwarded-prefix": '/"><script>' } });
    expect(await forged.text()).not.toContain("script");
  });
});
