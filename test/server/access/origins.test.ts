// Requests of other sites and under other names, and the headers that keep browsers from helping them.
import { expect, it } from "vitest";
import { attach, type Longshore } from "longshore";
import { createServer, type ServerOptions } from "longshore/server";
import { MemoryEngine } from "../../../src/engine/memory/engine.js";
import { apiOf, type Api } from "../api.js";

const SECRET = "a-secret-of-the-configuration";
const TOKENS = [{ name: "ops", token: SECRET, scopes: ["admin"] as const }];
const BEARER = { authorization: `Bearer ${SECRET}` };
const APP = "https://app.example.org";

async function using(options: ServerOptions, use: (api: Api, longshore: Longshore) => Promise<void>): Promise<void> {
  const longshore = attach(new MemoryEngine());
  try {
    await use(apiOf(longshore, { open: false, tokens: TOKENS, ...options }), longshore);
  } finally {
    await longshore.close();
  }
}

it.each<[string, ServerOptions, Record<string, number>]>([
  [
    "open and mounted: this machine, and addresses",
    { open: true, tokens: [] },
    {
      localhost: 200,
      "localhost:3000": 200,
      "[::1]:9": 200,
      "127.0.0.1": 200,
      "192.168.1.5": 200,
      "evil.example": 403,
      "": 403,
      "a b": 403,
      "localhost.evil.example": 403,
    },
  ],
  [
    "mounted with tokens: any, since a rebound page has none",
    {},
    { localhost: 200, "jobs.example.org": 200, "a b": 403 },
  ],
  [
    "with names: these, and this machine",
    { hosts: ["Jobs.Example.org", "10.0.0.1"] },
    {
      "jobs.example.org": 200,
      "JOBS.example.org:443": 200,
      "jobs.example.org.": 200,
      "10.0.0.1:80": 200,
      localhost: 200,
      "example.org": 403,
      "10.0.0.2": 403,
      "xjobs.example.org": 403,
    },
  ],
  ["open with any name, on purpose", { open: true, tokens: [], hosts: ["*"] }, { "evil.example": 200, "a b": 200 }],
])("names: %s", async (_what, options, expected) => {
  await using(options, async (api) => {
    for (const [host, status] of Object.entries(expected)) {
      const { status: given } = await api("GET /api/jobs", undefined, { host, ...BEARER });
      expect([host, given]).toEqual([host, status]);
      expect((await api("GET /healthz", undefined, { host })).status).toBe(200);
    }
  });
});

it("a forwarded name counts where the proxy is ours", async () => {
  const headers = { host: "localhost", "x-forwarded-host": "evil.example", ...BEARER };
  await using({ hosts: ["jobs.example.org"], trustProxy: true }, async (api) => {
    expect((await api("GET /api/jobs", undefined, headers)).status).toBe(403);
    const two = { ...headers, "x-forwarded-host": "evil.example, jobs.example.org" };
    expect((await api("GET /api/jobs", undefined, two)).status).toBe(200);
  });
  await using({ hosts: ["jobs.example.org"] }, async (api) => {
    expect((await api("GET /api/jobs", undefined, headers)).status).toBe(200);
  });
});

it("a server that listens here alone has the names of this machine; one for others its addresses, too", async () => {
  const longshore = attach(new MemoryEngine());
  const statusAt = async (host: string, names: readonly string[]): Promise<number[]> => {
    const server = createServer(longshore, { tokens: TOKENS, log: () => {} });
    const { port } = await server.listen({ port: 0, host });
    const { get } = await import("node:http");
    const ask = (name: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const options = {
          port,
          host: "127.0.0.1",
          path: "/api/jobs",
          headers: { ...BEARER, host: name },
          agent: false,
        };
        get(options, (response) => resolve(response.resume().statusCode ?? 0)).once("error", reject);
      });
    const statuses: number[] = [];
    for (const name of names) statuses.push(await ask(name));
    await server.close();
    return statuses;
  };
  const names = ["localhost", "127.0.0.1", "192.168.1.5", "evil.example"];
  expect(await statusAt("127.0.0.1", names)).toEqual([200, 200, 403, 403]);
  expect(await statusAt("0.0.0.0", names)).toEqual([200, 200, 200, 403]);
  await longshore.close();
});

const CHANGES: readonly [string, unknown][] = [
  ["POST /api/jobs", { task: "scan" }],
  ["PUT /api/jobs/x", {}],
  ["PATCH /api/jobs/x", { priority: 1 }],
  ["DELETE /api/jobs/x", undefined],
  ["POST /api/jobs/x/cancel", undefined],
  ["POST /api/session", { token: SECRET }],
];

it.each<[string, Record<string, string>]>([
  ["cross-site", { "sec-fetch-site": "cross-site" }],
  ["from a sibling", { "sec-fetch-site": "same-site" }],
  ["of another origin", { origin: "https://evil.example" }],
  ["of another port", { origin: "http://localhost:8080" }],
  ["of no origin", { origin: "null" }],
  ["cross-site with our origin forged by no browser", { "sec-fetch-site": "cross-site", origin: "http://localhost" }],
])("changes that are %s are refused to all", async (_what, headers) => {
  for (const options of [{}, { open: true, tokens: [] }, { authorize: () => true }]) {
    await using(options, async (api, longshore) => {
      for (const [call, body] of CHANGES) {
        const { status, body: problem } = await api(call, body, { ...headers, ...BEARER });
        expect([call, status, (problem as { code: string }).code]).toEqual([call, 403, "CROSS_SITE"]);
      }
      expect((await longshore.jobs().page({ limit: 1 })).jobs).toEqual([]);
      expect((await api("GET /api/jobs", undefined, { ...headers, ...BEARER })).status).toBe(200);
    });
  }
});

it.each<[string, Record<string, string>, boolean, boolean]>([
  ["says nothing, as programs do", {}, true, false],
  ["is of the same origin", { "sec-fetch-site": "same-origin" }, true, true],
  ["is asked for by the user alone", { "sec-fetch-site": "none" }, true, false],
  ["has the origin of the host", { origin: "http://localhost" }, true, true],
  ["has the origin of the host behind TLS", { origin: "https://localhost" }, true, true],
])("a change that %s is taken: by token %s, by cookie as said", async (_what, headers, byToken, byCookie) => {
  await using({}, async (api) => {
    const job = { task: "scan" };
    expect((await api("POST /api/jobs", job, { ...headers, ...BEARER })).status).toBe(byToken ? 202 : 403);
    const signedIn = await api("POST /api/session", { token: SECRET });
    const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    expect((await api("POST /api/jobs", job, { ...headers, cookie })).status).toBe(byCookie ? 202 : 403);
    expect((await api("GET /api/jobs", undefined, { ...headers, cookie })).status).toBe(200);
  });
});

it.each(["Basic dXNlcjpwYXNz", "Bearer", "Digest x"])(
  "a cookie is asked whose page it is from, beside a header that is no token of ours, too (%s)",
  async (authorization) => {
    await using({}, async (api) => {
      const { headers } = await api("POST /api/session", { token: SECRET });
      const cookie = (headers.get("set-cookie") ?? "").split(";")[0] ?? "";
      const signedIn = { cookie, authorization };
      expect(await api("POST /api/jobs", { task: "scan" }, signedIn)).toMatchObject({
        ...{ status: 403, body: { code: "CROSS_SITE" } },
      });
      expect((await api("DELETE /api/session", undefined, signedIn)).status).toBe(403);
      const { body } = await api("GET /api/session", undefined, signedIn);
      expect(body).toMatchObject({ subject: "ops", expiresAt: expect.any(String) });
      const own = { ...signedIn, "sec-fetch-site": "same-origin" };
      expect((await api("POST /api/jobs", { task: "scan" }, own)).status).toBe(202);
    });
  },
);

it.each([
  "text/plain",
  "text/plain;charset=UTF-8",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
])("what a form can send (%s) is not taken, with a body or without", async (type) => {
  await using({ open: true, tokens: [] }, async (api) => {
    for (const body of ['{"task":"scan"}', undefined]) {
      const { status } = await api("POST /api/jobs/x/cancel", body, { "content-type": type });
      expect(status).toBe(415);
    }
  });
});

it("pages of listed origins may call with a token, and no others, and never with the cookie", async () => {
  await using({ cors: [APP] }, async (api) => {
    const asks = { origin: APP, "sec-fetch-site": "cross-site" };
    const preflight = await api("OPTIONS /api/jobs", undefined, { ...asks, "access-control-request-method": "POST" });
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, APP]);
    expect(preflight.headers.get("access-control-allow-headers")).toContain("authorization");
    expect(preflight.headers.get("access-control-allow-credentials")).toBeNull();
    const made = await api("POST /api/jobs", { task: "scan" }, { ...asks, ...BEARER });
    expect([made.status, made.headers.get("access-control-allow-origin")]).toEqual([202, APP]);
    const unknown = await api("GET /api/jobs", undefined, asks);
    expect([unknown.status, unknown.headers.get("access-control-allow-origin")]).toEqual([401, APP]);

    const signedIn = await api("POST /api/session", { token: SECRET });
    const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    expect((await api("POST /api/jobs", { task: "scan" }, { ...asks, cookie })).status).toBe(403);

    const other = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    const refused = await api("OPTIONS /api/jobs", undefined, { ...other, "access-control-request-method": "POST" });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, null]);
    const read = await api("GET /api/jobs", undefined, { ...other, ...BEARER });
    expect([read.headers.get("access-control-allow-origin"), read.headers.get("vary")]).toEqual([null, "Origin"]);
  });
});

it("every answer has the headers that keep browsers in check, refusals and health included", async () => {
  await using({}, async (api) => {
    const answers = [
      await api("GET /api/jobs", undefined, BEARER),
      await api("GET /api/jobs"),
      await api("GET /"),
      await api("GET /nowhere", undefined, BEARER),
      await api("GET /healthz"),
      await api("POST /api/jobs", "{", BEARER),
      await api("POST /api/jobs", {}, { "sec-fetch-site": "cross-site" }),
      await api("GET /api/jobs", undefined, { host: "a b" }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 401, 404, 200, 400, 403, 403]);
    for (const { headers } of answers) {
      expect(headers.get("content-security-policy")).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
      );
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
    expect(answers[0]?.headers.get("cache-control")).toBe("no-store");
    expect(answers[1]?.headers.get("cache-control")).toBe("no-store");
  });
});
