// The audit log: who did what, without what they sent.
import { expect, it } from "vitest";
import { attach } from "longshore";
import { MemoryEngine } from "../../../src/engine/memory/engine.js";
import { withCommands } from "../../worker/fixtures/fake-time-fixture.js";
import { onEveryEngine } from "../../worker/fixtures/on-engines.js";
import { apiOf } from "../api.js";

const SECRET = "a-secret-of-the-configuration";
const TOKENS = [
  { name: "ops", token: SECRET, scopes: ["admin"] as const },
  { name: "viewer", token: `${SECRET}-2`, scopes: ["read"] as const },
];
const OPS = { authorization: `Bearer ${SECRET}`, "x-forwarded-for": "10.0.0.1" };
const VIEWER = { authorization: `Bearer ${SECRET}-2` };

interface Log {
  readonly entries: readonly Record<string, unknown>[];
  readonly cursor: string | null;
}

onEveryEngine("the audit log", (storage) => {
  it("has every change and every refusal of one, the newest first, and no payload", async () => {
    const api = apiOf(await storage.connect(), { open: false, tokens: TOKENS, trustProxy: true });
    const job = { task: "scan", input: { canary: "c4n4ry" }, options: { queue: "scans", tags: ["c4n4ry-tag"] } };
    const { body: made } = await api("POST /api/jobs", job, OPS);
    const { jobId } = made as { jobId: string };
    await api(`POST /api/jobs/${jobId}/cancel?queue=scans`, undefined, OPS);
    await api(`DELETE /api/jobs/${jobId}`, undefined, VIEWER);
    await api("POST /api/jobs/none/cancel", undefined, OPS);
    await api("POST /api/jobs", { jobs: [job, job, job] }, OPS);
    await api("POST /api/jobs", job, VIEWER);
    await api("POST /api/jobs", job);
    await api("GET /api/jobs", undefined, OPS);
    await api("POST /api/session", { token: SECRET });
    await api("POST /api/session", { token: "wrong" });

    const commands = (await api("GET /api/audit", undefined, OPS)).body as Log;
    expect(commands.entries.map(({ at: _at, entryId: _id, ...entry }) => entry)).toEqual([
      { ...plain("session.create", 200), subject: "ops", address: null },
      { ...plain("jobs.cancel", 404), id: "none", code: "JOB_NOT_FOUND" },
      { ...plain("jobs.remove", 403), id: jobId, code: "SCOPE_MISSING", subject: "viewer", address: null },
      { ...plain("jobs.cancel", 200), id: jobId, queue: "scans" },
    ]);
    expect(commands.cursor).toBeNull();
    const created = (await api("GET /api/audit?log=jobs", undefined, OPS)).body as Log;
    expect(created.entries).toMatchObject([
      { action: "jobs.enqueue", subject: "viewer", status: 403, count: null },
      {
        action: "jobs.enqueue",
        subject: "ops",
        status: 202,
        count: 3,
        ids: [{}, {}, {}].map(() => expect.any(String) as string),
      },
      { action: "jobs.enqueue", subject: "ops", status: 202, count: 1, ids: [jobId], address: "10.0.0.1" },
    ]);
    expect(JSON.stringify([commands, created])).not.toContain("c4n4ry");
  });

  it("is read in pages", async () => {
    const api = apiOf(await storage.connect(), { open: false, tokens: TOKENS });
    for (let n = 0; n < 5; n += 1) await api(`POST /api/jobs/job-${n}/cancel`, undefined, OPS);
    const ids: unknown[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: string = cursor === "" ? "limit=2" : `limit=2&cursor=${cursor}`;
      const page = (await api(`GET /api/audit?${query}`, undefined, OPS)).body as Log;
      ids.push(...page.entries.map(({ id }) => id));
      ({ cursor } = page);
    }
    expect(ids).toEqual(["job-4", "job-3", "job-2", "job-1", "job-0"]);
    expect((await api("GET /api/audit?limit=201", undefined, OPS)).status).toBe(400);
    expect((await api("GET /api/audit?log=all", undefined, OPS)).status).toBe(400);
  });
});

it("that cannot be written is reported, and the request is answered", async () => {
  const memory = new MemoryEngine();
  const said: unknown[] = [];
  const full = withCommands(memory, { appendDocument: () => ({ outcome: "too-many-kinds" }) });
  const longshore = attach(full);
  const api = apiOf(longshore, {
    ...{ open: false, tokens: TOKENS },
    log: (level, message, fields) => said.push([level, message, fields]),
  });
  expect((await api("POST /api/jobs", { task: "scan" }, OPS)).status).toBe(202);
  expect(said).toEqual([
    [
      "error",
      "The audit log cannot be written",
      {
        action: "jobs.enqueue",
        subject: "ops",
        status: 202,
        error: expect.stringContaining("TooManyDocuments") as string,
      },
    ],
  ]);
  await longshore.close();
});

it("is not written by clients that are not known", async () => {
  const longshore = attach(new MemoryEngine());
  const api = apiOf(longshore, { open: false, tokens: TOKENS });
  for (const call of ["POST /api/jobs/x/cancel", "POST /api/session", "DELETE /api/session"]) {
    await api(call, { token: "wrong" });
  }
  expect((await longshore.audit.list()).entries).toEqual([]);
  await longshore.close();
});

function plain(action: string, status: number): Record<string, unknown> {
  const nothing = { tag: null, queue: null, id: null, ids: [], count: null, code: null };
  return { subject: "ops", action, status, ...nothing, address: "10.0.0.1" };
}
