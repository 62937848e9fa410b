// The classes of attack that queue dashboards have suffered, one by one, on every engine: what a server of ours does about each.
import { get as rawGet } from "node:http";
import { expect, it } from "vitest";
import { task } from "longshore";
import { createServer, type ServerOptions } from "longshore/server";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";
import { plain } from "../../src/cli/terminal/terminal-text.js";
import { apiOf, type Api } from "./api.js";
import { operationsOf, type ApiDocument } from "./fuzz/operations.js";

const SECRET = "a-secret-of-the-configuration";
const CLOSED: ServerOptions = { open: false, tokens: [{ name: "ops", token: SECRET, scopes: ["admin"] }] };
const OWN = { "sec-fetch-site": "same-origin" };
/** An error says what it was given in its name and its code, too. */
const NAMED = { name: "Refused?token=c4n4ry", code: "cookie:c4n4ry" };
const OPS = { authorization: `Bearer ${SECRET}` };

/** Values that names of queues, tasks and jobs must not become. */
const FOREIGN_NAMES = [
  "../x",
  "..%2fx",
  "a/b",
  "node:fs\n",
  "{curly}",
  "a b",
  "\u001b]0;title\u0007",
  "a\u0000b",
  "\u2028",
  "x".repeat(101),
  "",
];

/** Has it a character that a terminal obeys, or that ends a line? */
const hasControls = (text: string): boolean => /[\p{Cc}\u2028]/u.test(text);

async function everyCall(call: Api): Promise<string[]> {
  const document = (await call("GET /api/openapi.json", undefined, OPS)).body as ApiDocument;
  return operationsOf(document).map(
    ({ method, path }) => `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, "x")}`,
  );
}

onEveryEngine("security", (storage) => {
  it("no auth by default: with a token every operation is closed to those without one, but health", async () => {
    const longshore = await storage.connect();
    const call = apiOf(longshore, CLOSED);
    const calls = await everyCall(call);
    expect(calls.length).toBeGreaterThan(40);
    for (const asked of [...calls, "GET /", "GET /nowhere", "POST /", "GET /api"]) {
      const signsIn = asked === "POST /api/session" || asked === "DELETE /api/session";
      if (signsIn) continue;
      for (const headers of [{}, { authorization: "Bearer wrong-one" }, { cookie: "longshore_session=x.y", ...OWN }]) {
        const { status } = await apiOf(longshore, CLOSED)(asked, undefined, headers);
        expect([asked, status]).toEqual([asked, 401]);
      }
    }
    expect((await call("GET /healthz")).status).toBe(200);
    expect((await call("GET /readyz")).status).toBe(200);
    expect(JSON.stringify((await call("GET /readyz")).body)).toBe('{"status":"ready"}');
  });

  it("no auth by default: without configuration this machine is served, with a warning, and no other address taken", async () => {
    const said: string[] = [];
    const server = createServer(await storage.connect(), {
      log: (level, message) => said.push(`${level}: ${message}`),
    });
    await expect(server.listen({ host: "0.0.0.0", port: 0 })).rejects.toMatchObject({ field: "host" });
    const { url } = await server.listen({ port: 0 });
    expect((await fetch(`${url}/api/jobs`)).status).toBe(200);
    expect(said).toEqual([expect.stringMatching(/^warn: No token is needed/)]);
    await server.close();
  });

  it("CSRF: what another site asks for, with whatever method and body, changes nothing", async () => {
    const longshore = await storage.connect();
    const call = apiOf(longshore);
    const job = await longshore.enqueue("scan", {});
    const changes = (await everyCall(call)).filter((asked) => !/^(?:GET|HEAD|OPTIONS) /.test(asked));
    const real = [`POST /api/jobs/${job.id}/cancel`, `DELETE /api/jobs/${job.id}`, `PUT /api/jobs/${job.id}`];
    for (const asked of [...changes, ...real]) {
      for (const type of ["application/json", "text/plain", "application/x-www-form-urlencoded"]) {
        for (const site of [{ "sec-fetch-site": "cross-site" }, { origin: "https://evil.example" }]) {
          const { status } = await call(asked, { task: "scan" }, { ...site, "content-type": type });
          expect([asked, type, status]).toEqual([asked, type, 403]);
        }
      }
      expect((await call(asked, "task=scan", { "content-type": "text/plain" })).status).toBe(415);
    }
    expect(await job.refresh()).toMatchObject({ state: "queued" });
    expect(await longshore.queue("default").counts()).toMatchObject({ queued: 1 });
  });

  it("DNS rebinding: another name is refused, for reads and streams, too, whatever the sign-in", async () => {
    const server = createServer(await storage.connect(), { log: () => {} });
    const { port } = await server.listen({ port: 0 });
    const ask = (path: string, host: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const request = rawGet({ port, host: "127.0.0.1", path, headers: { host }, agent: false }, (response) => {
          resolve(response.statusCode ?? 0);
          response.destroy();
        });
        request.once("error", reject);
      });
    for (const path of ["/", "/api/jobs", "/api/openapi.json", "/api/events?topics=overview", "/api/session"]) {
      expect([path, await ask(path, "evil.example")]).toEqual([path, 403]);
      expect([path, await ask(path, `evil.example:${port}`)]).toEqual([path, 403]);
      expect([path, await ask(path, `localhost:${port}`)]).toEqual([path, 200]);
    }
    expect(await ask("/healthz", "evil.example")).toBe(200);
    await server.close();
  });

  it("DoS by query: numbers are bounded, and what is none of them refused", async () => {
    const call = apiOf(await storage.connect());
    for (const limit of ["0", "-1", "201", "1e9", "999999999999999999999", "NaN", "Infinity", "1.5", "", "1,2"]) {
      for (const path of ["/api/jobs", "/api/audit", "/api/bulk"]) {
        const { status } = await call(`GET ${path}?limit=${limit}`);
        expect([path, limit, status]).toEqual([path, limit, 400]);
      }
    }
    expect((await call("GET /api/jobs?limit=200")).status).toBe(200);
    expect((await call("GET /api/jobs?limit=1&limit=2")).status).toBe(400);
    const many = { jobs: Array.from({ length: 1_001 }, () => ({ task: "scan" })) };
    expect((await call("POST /api/jobs", many)).status).toBe(400);
    expect((await call("POST /api/jobs", `{"task":"scan","input":"${"x".repeat(1_048_577)}"}`)).status).toBe(413);
    expect((await call("POST /api/jobs", `{"task":"scan","input":${"[".repeat(65)}${"]".repeat(65)}}`)).status).toBe(
      400,
    );
    expect((await call("POST /api/jobs", '{"task":"scan","options":{"priority":1e999}}')).status).toBe(400);
  });

  it("code execution: a task is a name among those that a worker has, and never a path or a property", async () => {
    const longshore = await storage.connect();
    const ran: string[] = [];
    longshore.worker([task("known", () => void ran.push("known"))]);
    const call = apiOf(longshore);
    for (const name of FOREIGN_NAMES) {
      expect([name, (await call("POST /api/jobs", { task: name })).status]).toEqual([name, 400]);
      expect([name, (await call("POST /api/jobs", { task: "known", options: { queue: name } })).status]).toEqual([
        name,
        400,
      ]);
    }
    const ids: string[] = [];
    for (const name of ["constructor", "__proto__", "prototype", "toString", "hasOwnProperty", "node:fs", "process"]) {
      const { status, body } = await call("POST /api/jobs", { task: name });
      expect([name, status]).toEqual([name, 202]);
      ids.push((body as { jobId: string }).jobId);
    }
    const known = await longshore.enqueue("known", {});
    await known.result();
    expect(ran).toEqual(["known"]);
    const states = await Promise.all(ids.map(async (id) => (await (await longshore.job(id))?.refresh())?.state));
    expect(new Set(states)).toEqual(new Set(["queued"]));
  });

  it("prototype poisoning: bodies that reach into prototypes are refused, and no object has more than before", async () => {
    const call = apiOf(await storage.connect());
    const before = Object.getOwnPropertyNames(Object.prototype);
    for (const body of [
      '{"task":"scan","input":{"__proto__":{"admin":true}}}',
      '{"__proto__":{"admin":true},"task":"scan"}',
      '{"task":"scan","options":{"__proto__":{"priority":1}}}',
      '{"task":"scan","input":{"constructor":{"prototype":{"admin":true}}}}',
    ]) {
      expect((await call("POST /api/jobs", body)).status).toBe(400);
      expect((await call("POST /api/bulk", body)).status).toBe(400);
    }
    expect((await call("GET /api/jobs?__proto__[admin]=1")).status).toBe(400);
    expect((await call("GET /api/jobs?constructor.prototype.admin=1")).status).toBe(400);
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    expect(Reflect.get({}, "admin")).toBeUndefined();
  });

  it("injection into scripts of the store: ids and tags are data, whatever stands in them", async () => {
    const longshore = await storage.connect();
    const call = apiOf(longshore);
    const tags = ["'; DROP TABLE jobs; --", "]] redis.call('flushall') --", "${7*7}", "%00", "*", "a\\"];
    const { status, body } = await call("POST /api/jobs", { task: "scan", options: { tags } });
    expect(status).toBe(202);
    const { jobId } = body as { jobId: string };
    expect((await call(`GET /api/jobs/${jobId}`)).body).toMatchObject({ tags });
    for (const tag of tags) {
      const found = (await call(`GET /api/jobs?tag=${encodeURIComponent(tag)}`)).body as { jobs: { jobId: string }[] };
      expect(found.jobs.map((job) => job.jobId)).toEqual([jobId]);
    }
    expect((await call(`GET /api/jobs/${encodeURIComponent("x' OR 1=1 --")}`)).status).toBe(400);
  });

  it("stored XSS: what the API answers is JSON that browsers take for nothing else", async () => {
    const call = apiOf(await storage.connect());
    const markup = "<script>alert(1)</script>";
    const { body } = await call("POST /api/jobs", { task: "scan", input: markup, options: { tags: [markup] } });
    for (const path of [
      `/api/jobs/${(body as { jobId: string }).jobId}`,
      `/api/jobs?tag=${encodeURIComponent(markup)}`,
      `/${markup}`,
    ]) {
      const { headers } = await call(`GET ${path}`);
      expect(headers.get("content-type")).toMatch(/^application\/(?:problem\+)?json/);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    }
    const page = await call("GET /", undefined, { "x-forwarded-prefix": `/"><script>` });
    expect(page.body).not.toContain("<script");
  });

  it("log and terminal injection: what a terminal would obey is stored as data, and printed harmless", async () => {
    const longshore = await storage.connect();
    const said: string[] = [];
    const call = apiOf(longshore, { log: (...line) => said.push(JSON.stringify(line)) });
    const evil = "\u001b]0;owned\u0007\u001b[2J\u2028\r\nfake: line";
    const { id } = await longshore.enqueue("scan", { evil });
    expect((await call(`GET /api/jobs/${id}`)).body).toMatchObject({ input: { evil } });
    await call(`GET /${encodeURIComponent(evil)}`);
    await call("POST /api/jobs", { task: evil });
    expect(said.some(hasControls)).toBe(false);
    expect(hasControls(plain(evil))).toBe(false);
  });

  it("secrets: neither payloads nor errors, logs nor the audit log show what a task declares or a key names", async () => {
    const longshore = await storage.connect();
    const pay = task("pay", { redact: ["input.iban", "result.card"], attempts: 1 }, async ({ input, log }) => {
      log("charged with password=c4n4ry");
      if ((input as { fail?: boolean }).fail === true)
        throw Object.assign(new Error('refused: {"apiKey":["c4n4ry", "c4n4ry"]}'), NAMED);
      return { card: "c4n4ry", secret: "c4n4ry", ok: true };
    });
    longshore.worker([pay]);
    const said: string[] = [];
    const call = apiOf(longshore, { ...CLOSED, tasks: [pay], log: (...line) => said.push(JSON.stringify(line)) });
    const seen: unknown[] = [];
    for (const fail of [false, true]) {
      const input = { iban: "c4n4ry", headers: { Cookie: "c4n4ry" }, fail };
      const { body } = await call(
        "POST /api/jobs",
        { task: "pay", input, options: { meta: { token: "c4n4ry" } } },
        OPS,
      );
      const { jobId } = body as { jobId: string };
      await (await longshore.job(jobId))?.result().catch(() => {});
      for (const part of ["", "/result", "/steps", "/logs", "/attempts", "/why"]) {
        seen.push((await call(`GET /api/jobs/${jobId}${part}`, undefined, OPS)).body);
      }
      seen.push((await call(`GET /api/events?topics=job:${jobId},failures`, undefined, OPS)).body);
    }
    seen.push((await call("GET /api/jobs?fields=input,result,meta", undefined, OPS)).body);
    seen.push(
      (await call("GET /api/audit", undefined, OPS)).body,
      (await call("GET /api/audit?log=jobs", undefined, OPS)).body,
    );
    seen.push((await call("GET /api/failures", undefined, OPS)).body);
    seen.push((await call("GET /api/jobs/facets", undefined, OPS)).body);
    const text = JSON.stringify(seen) + said.join("");
    expect(text).toContain("charged with password=[redacted]");
    expect(text).toContain('"ok":true');
    expect(text).not.toContain("c4n4ry");
  });
});
