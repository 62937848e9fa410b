// Who asks: by a token that is stored or configured, or as the host application says; and who is let in where nothing is said.
import { expect, it } from "vitest";
import { attach, task, type Longshore } from "longshore";
import { createServer, type ServerOptions } from "longshore/server";
import { MemoryEngine } from "../../../src/engine/memory/engine.js";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";
import { onEveryEngine } from "../../worker/fixtures/on-engines.js";
import { apiOf, type Api } from "../api.js";

const SECRET = "a-secret-of-the-configuration";
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

function onMemory(options: ServerOptions = {}): { longshore: Longshore; clock: ManualClock; api: Api } {
  const clock = new ManualClock();
  const longshore = attach(new MemoryEngine({ clock }), { clock });
  return { longshore, clock, api: apiOf(longshore, { open: false, clock, ...options }) };
}

onEveryEngine("a stored token", (storage) => {
  it("lets in as far as its scopes go, until it is revoked", async () => {
    const longshore = await storage.connect();
    const api = apiOf(longshore, { open: false, storedTokens: true });
    const { token } = await longshore.tokens.create({ name: "shop", scopes: ["enqueue:mail", "read"] });

    const none = await api("GET /api/jobs");
    expect(none).toMatchObject({
      status: 401,
      body: { code: "UNAUTHORIZED", detail: expect.stringMatching(/^a token is needed, in the header [^[]+$/) },
    });
    expect(none.headers.get("www-authenticate")).toBe('Bearer realm="longshore"');
    const wrong = await api("GET /api/jobs", undefined, bearer("lst_wrong"));
    expect([wrong.status, wrong.headers.get("www-authenticate")]).toEqual([
      401,
      'Bearer realm="longshore", error="invalid_token"',
    ]);
    expect((await api("GET /api/jobs", undefined, bearer(token))).status).toBe(200);

    const job = { task: "mail", input: {}, options: { queue: "mail" } };
    expect((await api("POST /api/jobs", job, bearer(token))).status).toBe(202);
    const elsewhere = await api("POST /api/jobs", { ...job, options: { queue: "scans" } }, bearer(token));
    expect(elsewhere).toMatchObject({ status: 403, body: { code: "SCOPE_MISSING", scope: "enqueue" } });
    expect((await api("POST /api/jobs", { task: "mail" }, bearer(token))).status).toBe(403);
    expect((await api("GET /api/audit", undefined, bearer(token))).status).toBe(403);

    await longshore.tokens.revoke("shop");
    expect((await api("GET /api/jobs", undefined, bearer(token))).status).toBe(401);
  });

  it("of a tenant reaches the jobs of its tag", async () => {
    const longshore = await storage.connect();
    const api = apiOf(longshore, { open: false, storedTokens: true });
    const { token } = await longshore.tokens.create({ name: "app", scopes: ["admin"], tag: "app:7" });
    const [mine, other] = [
      await longshore.enqueue("scan", {}, { tags: ["app:7"] }),
      await longshore.enqueue("scan", {}, { tags: ["app:8"] }),
    ];
    const { body } = await api("GET /api/jobs", undefined, bearer(token));
    expect((body as { jobs: { jobId: string }[] }).jobs.map(({ jobId }) => jobId)).toEqual([mine.id]);
    expect((await api(`GET /api/jobs/${other.id}`, undefined, bearer(token))).status).toBe(404);
    expect((await api(`POST /api/jobs/${other.id}/cancel`, undefined, bearer(token))).status).toBe(404);
    expect(await api("GET /api/audit", undefined, bearer(token))).toMatchObject({
      status: 403,
      body: { code: "TENANT_TOKEN" },
    });
    const { body: made } = await api("POST /api/jobs", { task: "scan" }, bearer(token));
    const job = await longshore.job((made as { jobId: string }).jobId);
    expect((await job?.refresh())?.tags).toEqual(["app:7"]);
  });
});

it("payloads are seen with read:payload alone, and secrets by no one", async () => {
  const pay = task("pay", { redact: ["input.iban"] });
  const { longshore, api } = onMemory({ storedTokens: true, tasks: [pay] });
  const { token: reads } = await longshore.tokens.create({ name: "reads", scopes: ["read"] });
  const { token: sees } = await longshore.tokens.create({ name: "sees", scopes: ["read:payload"] });
  const { id } = await longshore.enqueue(pay, { iban: "DE1", password: "x", tokens: 12 }, { meta: { apiKey: "y" } });
  expect((await api(`GET /api/jobs/${id}`, undefined, bearer(reads))).body).toMatchObject({
    input: null,
    meta: null,
    payloadsHidden: true,
  });
  expect((await api(`GET /api/jobs/${id}`, undefined, bearer(sees))).body).toMatchObject({
    input: { iban: "[redacted]", password: "[redacted]", tokens: 12 },
    meta: { apiKey: "[redacted]" },
  });
  await longshore.close();
});

it("what is secret follows the tasks that a server is given anew", async () => {
  const longshore = attach(new MemoryEngine());
  const server = createServer(longshore, { open: true, tasks: [task("pay")] });
  const { id } = await longshore.enqueue("pay", { iban: "DE1", card: "4" });
  const inputOf = async (): Promise<unknown> => {
    const response = await server.fetch(new Request(`http://localhost/api/jobs/${id}`));
    return ((await response.json()) as { input: unknown }).input;
  };
  expect(await inputOf()).toEqual({ iban: "DE1", card: "4" });
  server.replaceTasks([task("pay", { redact: ["input.iban"] })]);
  expect(await inputOf()).toEqual({ iban: "[redacted]", card: "4" });
  server.replaceTasks([task("pay", { redact: ["input.card"] })]);
  expect(await inputOf()).toEqual({ iban: "DE1", card: "[redacted]" });
  await longshore.close();
});

it("what workers declared secret is so on a server without their code, within five seconds", async () => {
  const { longshore, clock, api } = onMemory({ tokens: [{ name: "ops", token: SECRET, scopes: ["admin"] }] });
  const { id } = await longshore.enqueue("pay", { iban: "DE1" });
  const inputOf = async (): Promise<unknown> =>
    ((await api(`GET /api/jobs/${id}`, undefined, bearer(SECRET))).body as { input: unknown }).input;
  expect(await inputOf()).toEqual({ iban: "DE1" });
  await longshore.platformDocuments("longshore:tasks").put("pay", {
    ...{ label: null, resultUrl: null, redact: ["input.iban"] },
  });
  clock.advance(5_000);
  expect(await inputOf()).toEqual({ iban: "[redacted]" });
  await longshore.close();
});

it("a configured token lets in until its time is over, beside stored ones", async () => {
  const clock = new ManualClock();
  const longshore = attach(new MemoryEngine({ clock }), { clock });
  const expiresAt = clock.now() + 1_000;
  const api = apiOf(longshore, {
    open: false,
    clock,
    tokens: [{ name: "ops", token: SECRET, scopes: ["read"], expiresAt }],
  });
  const { token } = await longshore.tokens.create({ name: "stored", scopes: ["read"] });
  const statuses = async (): Promise<number[]> => [
    (await api("GET /api/jobs", undefined, bearer(SECRET))).status,
    (await api("GET /api/jobs", undefined, bearer(token))).status,
  ];
  expect(await statuses()).toEqual([200, 200]);
  clock.advance(1_000);
  expect(await statuses()).toEqual([401, 200]);
  const closed = apiOf(longshore, {
    open: false,
    storedTokens: false,
    tokens: [{ name: "a", token: SECRET, scopes: ["read"] }],
  });
  expect((await closed("GET /api/jobs", undefined, bearer(token))).status).toBe(401);
  await longshore.close();
});

it.each(["Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "Bearer a b", "bearer\tx", `Token ${SECRET}`, SECRET])(
  "%s is no token",
  async (authorization) => {
    const { longshore, api } = onMemory({ tokens: [{ name: "ops", token: SECRET, scopes: ["admin"] }] });
    expect((await api("GET /api/jobs", undefined, { authorization })).status).toBe(401);
    await longshore.close();
  },
);

it("a wrong token is asked about ten times a minute from one address, and who was right before goes on", async () => {
  const clock = new ManualClock();
  const longshore = attach(new MemoryEngine({ clock }), { clock });
  const token = "a-token-of-the-configuration";
  const options = { clock, trustProxy: true, tokens: [{ name: "ops", token, scopes: ["admin"] as const }] };
  const api = apiOf(longshore, { open: false, ...options });
  const ask = async (secret: string, address: string): Promise<number> =>
    (await api("GET /api/jobs", undefined, { ...bearer(secret), "x-forwarded-for": `6.6.6.6, ${address}` })).status;

  expect(await ask(token, "10.0.0.1")).toBe(200);
  for (let wrong = 0; wrong < 10; wrong += 1) expect(await ask(`wrong-${wrong}`, "10.0.0.1")).toBe(401);
  const refused = await api("GET /api/jobs", undefined, { ...bearer("x-x"), "x-forwarded-for": "10.0.0.1" });
  expect(refused).toMatchObject({ status: 429, body: { code: "TOO_MANY_ATTEMPTS" } });
  expect(refused.headers.get("retry-after")).toBe("60");
  expect(await ask(token, "10.0.0.1")).toBe(200);
  expect(await ask(token, "10.0.0.2")).toBe(200);
  const signIn = await api("POST /api/session", { token: "wrong" }, { "x-forwarded-for": "10.0.0.1" });
  expect(signIn.status).toBe(429);
  expect((await api("GET /api/jobs", undefined, { "x-forwarded-for": "10.0.0.1" })).status).toBe(401);

  clock.advance(60_000);
  expect(await ask("wrong", "10.0.0.1")).toBe(401);
  await longshore.close();
});

it("all addresses of an IPv6 network are one client", async () => {
  const clock = new ManualClock();
  const longshore = attach(new MemoryEngine({ clock }), { clock });
  const options = { clock, trustProxy: true, tokens: [{ name: "ops", token: SECRET, scopes: ["admin"] as const }] };
  const api = apiOf(longshore, { open: false, ...options });
  const statuses: number[] = [];
  for (let host = 1; host <= 11; host += 1) {
    const headers = { ...bearer("wrong"), "x-forwarded-for": `2001:db8:1:2::${host.toString(16)}` };
    statuses.push((await api("GET /api/jobs", undefined, headers)).status);
  }
  expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
  await longshore.close();
});

it("the hook decides by what is done and to what, and whom it names is who asks", async () => {
  const asked: unknown[] = [];
  const { longshore, api } = onMemory({
    tasks: [task("scan", { queue: "scans" })],
    authorize: (request, action, resource) => {
      asked.push([action, resource]);
      const user = request.headers.get("x-user");
      if (user === null) return false;
      if (user === "root") return true;
      return { subject: user, scopes: ["read", "enqueue"], tag: `user:${user}` };
    },
  });
  expect((await api("GET /api/jobs")).status).toBe(401);
  expect((await api("GET /api/jobs", undefined, { "x-user": "root" })).status).toBe(200);
  const { status, body } = await api(
    "POST /api/jobs",
    { jobs: [{ task: "scan" }, { task: "mail" }, { task: "scan" }] },
    { "x-user": "ada" },
  );
  expect(status).toBe(202);
  const [first] = (body as { jobs: { jobId: string }[] }).jobs;
  const job = await longshore.job(first?.jobId ?? "");
  expect((await job?.refresh())?.tags).toEqual(["user:ada"]);
  expect((await api(`POST /api/jobs/${first?.jobId}/cancel?queue=scans`, undefined, { "x-user": "ada" })).status).toBe(
    403,
  );
  expect((await api("GET /api/session", undefined, { "x-user": "ada" })).body).toEqual({
    ...{ subject: "ada", tag: "user:ada", scopes: ["read", "enqueue"], expiresAt: null },
  });
  expect(asked).toEqual([
    ["jobs.list", { kind: "jobs" }],
    ["jobs.list", { kind: "jobs" }],
    ["jobs.enqueue", { kind: "jobs", task: "scan", queue: "scans" }],
    ["jobs.enqueue", { kind: "jobs", task: "mail", queue: "default" }],
    ["jobs.cancel", { kind: "jobs", id: first?.jobId, queue: "scans" }],
    ["session.get", { kind: "session" }],
  ]);
  await longshore.close();
});

it("the hook decides about jobs that another system's clients create, by their task and queue", async () => {
  const asked: unknown[] = [];
  const { longshore, api } = onMemory({
    compat: {
      create: {
        "/start_task": { task: "work", options: () => ({ queue: "slow" }), answer: ({ id }) => ({ job_id: id }) },
      },
    },
    authorize: (_request, action, resource) => {
      asked.push([action, resource]);
      return resource.queue === "slow" ? { subject: "ada", scopes: ["enqueue:slow"], tag: "app:7" } : false;
    },
  });
  const { status, body } = await api("POST /start_task", { n: 1 });
  expect(status).toBe(202);
  const job = await longshore.job((body as { job_id: string }).job_id);
  expect(await job?.refresh()).toMatchObject({ queue: "slow", tags: ["app:7"] });
  expect(asked).toEqual([["compat.create.start_task", { kind: "jobs", task: "work", queue: "slow" }]]);
  const { entries } = await longshore.audit.list({ log: "jobs" });
  expect(entries).toMatchObject([{ subject: "ada", action: "compat.create.start_task", ids: [job?.id], count: 1 }]);
  await longshore.close();
});

it("the hook may refuse a token what its scopes allow, and cannot be talked into more than it says", async () => {
  const { longshore, api } = onMemory({
    tokens: [{ name: "ops", token: SECRET, scopes: ["read", "operate"] }],
    authorize: (_request, action) => action === "jobs.list",
  });
  expect((await api("GET /api/jobs", undefined, bearer(SECRET))).status).toBe(200);
  expect(await api("GET /api/jobs/x", undefined, bearer(SECRET))).toMatchObject({
    status: 403,
    body: { code: "NOT_AUTHORIZED" },
  });
  expect((await api("POST /api/jobs", { task: "x" }, bearer(SECRET))).status).toBe(403);
  expect((await api("GET /api/jobs")).status).toBe(401);
  expect((await api("GET /api/jobs", undefined, bearer("wrong"))).status).toBe(401);
  await longshore.close();
});

it.each<[string, () => unknown]>([
  ["nothing", () => undefined],
  ["a text", () => "yes"],
  ["an access without scopes", () => ({ subject: "ada" })],
  ["an access with a scope that is none", () => ({ subject: "ada", scopes: ["everything"] })],
  ["an access of nobody", () => ({ subject: "", scopes: ["read"] })],
  ["an error", () => Promise.reject(new Error("the directory does not answer"))],
])("a hook that answers %s lets no one in", async (_what, authorize) => {
  const { longshore, api } = onMemory({ authorize: authorize as never });
  expect(await api("GET /api/jobs")).toMatchObject({ status: 500, body: { code: "INTERNAL" } });
  await longshore.close();
});

it("an engine that does not answer lets no one in", async () => {
  const { longshore, api } = onMemory({ storedTokens: true });
  await longshore.close();
  expect((await api("GET /api/jobs", undefined, bearer("lst_x"))).status).toBe(503);
  expect((await api("GET /healthz")).status).toBe(200);
});

it.each<[string, ServerOptions]>([
  ["a token", { tokens: [{ name: "a", token: SECRET, scopes: ["read"] }] }],
  ["stored tokens, on purpose", { storedTokens: true }],
  ["a hook", { authorize: () => false }],
  ["openness, on purpose", { open: true }],
])("a server is mounted with %s", async (_what, options) => {
  const longshore = attach(new MemoryEngine());
  const server = createServer(longshore, options);
  expect([typeof server.fetch, typeof server.node]).toEqual(["function", "function"]);
  await longshore.close();
});

it.each<ServerOptions>([{}, { storedTokens: false }, { open: false }, { tokens: [] }])(
  "a server with %j is not mounted",
  async (options) => {
    const longshore = attach(new MemoryEngine());
    const server = createServer(longshore, options);
    const refusal = expect.objectContaining({ code: "INVALID_INPUT", field: "tokens" }) as Error;
    expect(() => server.fetch).toThrow(refusal);
    expect(() => server.node).toThrow(refusal);
    await longshore.close();
  },
);
