// The audit log of jobs that are created: how entries of requests that come at once are put together.
import { expect, it } from "vitest";
import { attach, type AuditEntry, type AuditLog } from "longshore";
import { MemoryEngine } from "../../../src/engine/memory/engine.js";
import { withCommands } from "../../worker/fixtures/fake-time-fixture.js";
import { CreationLog } from "../../../src/server/access/creation-log.js";

const ENTRY: AuditEntry = {
  ...{ subject: "shop", tag: null, action: "jobs.enqueue", queue: null, id: null, ids: [], count: null },
  ...{ status: 202, code: null, address: null },
};

/** A log whose writes end when the test says so. */
function slowLog(): { log: AuditLog; entries: AuditEntry[]; end: (error?: Error) => Promise<void> } {
  const entries: AuditEntry[] = [];
  const memory = new MemoryEngine();
  let waiting: ((error: Error | undefined) => void)[] = [];
  const slow = withCommands(memory, {
    appendDocument: async (entry) => {
      entries.push(JSON.parse(entry.value) as AuditEntry);
      const error = await new Promise<Error | undefined>((resolve) => waiting.push(resolve));
      if (error !== undefined) throw error;
      return memory.appendDocument(entry);
    },
  });
  const end = async (error?: Error): Promise<void> => {
    await turn();
    const ended = waiting;
    waiting = [];
    for (const one of ended) one(error);
    await turn();
  };
  return { log: attach(slow).audit, entries, end };
}

const job = (n: number): AuditEntry => ({ ...ENTRY, ids: [`job-${n}`], count: 1 });
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

it("requests that come while one is written share an entry where they differ in their jobs alone", async () => {
  const { log, entries, end } = slowLog();
  const created = new CreationLog(log);
  const first = created.add(job(0));
  const others = [1, 2, 3].map((n) => created.add(job(n)));
  const refused = created.add({ ...ENTRY, status: 403, code: "SCOPE_MISSING" });
  await turn();
  expect(entries).toEqual([job(0)]);
  await end();
  await first;
  expect(entries.slice(1)).toEqual([
    { ...ENTRY, ids: ["job-1", "job-2", "job-3"], count: 3 },
    { ...ENTRY, status: 403, code: "SCOPE_MISSING" },
  ]);
  await end();
  await Promise.all([...others, refused]);
});

it("an entry has at most 400 ids, and none is lost", async () => {
  const { log, entries, end } = slowLog();
  const created = new CreationLog(log);
  const all = Array.from({ length: 1_001 }, (_, n) => created.add(job(n)));
  await end();
  await end();
  await Promise.all(all);
  expect(entries.map(({ ids }) => ids.length)).toEqual([1, 200, 400, 400]);
  expect(new Set(entries.flatMap(({ ids }) => ids)).size).toBe(1_001);
  expect(entries.reduce((count, entry) => count + (entry.count ?? 0), 0)).toBe(1_001);
});

it("a write that fails is known to the requests of its entry, and the next one is tried", async () => {
  const { log, entries, end } = slowLog();
  const created = new CreationLog(log);
  const first = created.add(job(0));
  const second = created.add(job(1));
  const failure = first.then(
    () => "",
    (error: unknown) => String(error),
  );
  await end(new Error("full"));
  expect(await failure).toBe("Error: full");
  await end();
  await second;
  const third = created.add(job(2));
  await end();
  await third;
  expect(entries).toHaveLength(3);
});
