// Workers that die or freeze under their jobs. Time is real here: what is tested is another process taking over.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { isTerminal, type Longshore } from "longshore";
import { onBothEngines } from "./storage-fixture.js";

const LEASE = 2_000;
/**
 * What a recovery may take beyond the lease: the sweep that finds it, and a busy machine. With the lease it is shorter than the
 * one that workers have by default, so that it was this one that ran out. Milliseconds.
 */
const MARGIN = 20_000;

onBothEngines("a worker that is killed under its job", (open) => {
  it("is replaced by one that was idle within a lease", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const idle = await storage.start({ name: "idle", lease: LEASE });
    await longshore.queue("work").pause();
    idle.signal("SIGSTOP");
    await longshore.queue("work").resume();
    const doomed = await storage.start({ name: "doomed", lease: LEASE }, { stuck: true });
    const job = await longshore.enqueue("work", { ms: 0 }, { queue: "work" });
    await doomed.hears("start", job.id);
    idle.signal("SIGCONT");
    await doomed.kill();
    const killedAt = Date.now();

    const { at } = await idle.hears("start", job.id);
    expect(at - killedAt).toBeLessThan(LEASE + MARGIN);
    await job.result();
    expect(await job.refresh()).toMatchObject({
      state: "completed",
      attempt: 1,
      crashes: 1,
      history: [
        { worker: "doomed", outcome: "crashed", number: 1 },
        { worker: "idle", outcome: "completed", number: 1 },
      ],
    });
  });

  it("is replaced by one that was busy within a lease", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const doomed = await storage.start({ name: "doomed", lease: LEASE, concurrency: 1 }, { stuck: true });
    const job = await longshore.enqueue("work", { ms: 0 }, { queue: "work" });
    await doomed.hears("start", job.id);
    const busy = await storage.start({ name: "busy", lease: LEASE, concurrency: 2 });
    // Busy for as long as it takes.
    const long = await longshore.enqueue("listen", null, { queue: "work" });
    await busy.hears("start", long.id);
    await doomed.kill();
    const killedAt = Date.now();

    const { at } = await busy.hears("start", job.id);
    expect(at - killedAt).toBeLessThan(LEASE + MARGIN);
    await job.result();
    expect(await job.refresh()).toMatchObject({ attempt: 1, crashes: 1 });
    expect(await long.refresh()).toMatchObject({ state: "active", attempt: 1, crashes: 0 });
  });

  it("is replaced by one that starts later, within a lease", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const doomed = await storage.start({ name: "doomed", lease: LEASE }, { stuck: true });
    const job = await longshore.enqueue("work", { ms: 0 }, { queue: "work" });
    await doomed.hears("start", job.id);
    await doomed.kill();
    const killedAt = Date.now();
    const next = await storage.start({ name: "next", lease: LEASE });
    const startedAt = (await next.hears("started")).at;

    // Who comes late has not seen the dead one fall silent, and gives it a moment more.
    const { at } = await next.hears("start", job.id);
    expect(at - Math.max(startedAt, killedAt)).toBeLessThan(LEASE + MARGIN);
    await job.result();
    expect(await job.refresh()).toMatchObject({ attempt: 1, crashes: 1 });
  });
});

onBothEngines("a worker whose event loop hangs under its job", (open) => {
  it("loses the job to another some time after the job's timeout, and hears of it", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const hanging = await storage.start({ name: "hanging", lease: "1s", grace: 0 });
    const until = join(storage.folder, "goes on");
    const { id } = await longshore.enqueue("block", { until }, { queue: "work", timeout: 500 });
    await hanging.hears("start", id);
    const other = await storage.start({ name: "other", lease: "1s" });

    await other.hears("start", id);
    writeFileSync(until, "");
    await hanging.hears("lost", id);
    expect(await (await longshore.job({ queue: "work", id }))?.refresh()).toMatchObject({ crashes: 1 });
  });
});

/** Collects the terminal transitions of jobs in queue `work` until the signal aborts. */
async function collectEnds(ends: [id: string, state: string][], longshore: Longshore, signal: AbortSignal) {
  for await (const event of longshore.watch("work", { signal })) {
    if (event.kind === "state" && isTerminal(event.state)) ends.push([event.id, event.state]);
  }
}

onBothEngines("a worker that freezes for longer than its lease", (open) => {
  it("finds its completion refused when it thaws, and the other's result stands", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const frozen = await storage.start({ name: "frozen", lease: LEASE });
    const watching = new AbortController();
    const ends: [id: string, state: string][] = [];
    const watched = collectEnds(ends, longshore, watching.signal);
    // Long enough to be frozen in the middle of it.
    const job = await longshore.enqueue("work", { ms: 4_000 }, { queue: "work" });
    await frozen.hears("start", job.id);
    frozen.signal("SIGSTOP");
    const other = await storage.start({ name: "other", lease: LEASE });
    expect(await job.result()).toEqual({ by: other.pid });
    frozen.signal("SIGCONT");

    await frozen.hears("lost", job.id);
    // The thawed handler, whose time is over, ends, and its worker goes on to other work.
    await other.kill();
    const next = await longshore.enqueue("work", { ms: 0 }, { queue: "work" });
    await frozen.hears("completed", next.id);
    expect(frozen.all("completed", job.id)).toEqual([]);
    expect(await job.refresh()).toMatchObject({
      state: "completed",
      result: { by: other.pid },
      attempt: 1,
      crashes: 1,
      history: [
        { worker: "frozen", outcome: "crashed" },
        { worker: "other", outcome: "completed" },
      ],
    });
    await expect.poll(() => ends).toContainEqual([next.id, "completed"]);
    watching.abort();
    await watched;
    expect(ends).toEqual([
      [job.id, "completed"],
      [next.id, "completed"],
    ]);
  });
});

onBothEngines("a handler that blocks the event loop for longer than the lease", (open) => {
  it("is not run by anybody else", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const first = await storage.start({ name: "first", lease: LEASE, concurrency: 1 });
    const job = await longshore.enqueue("block", { ms: 3 * LEASE }, { queue: "work" });
    await first.hears("start", job.id);
    const second = await storage.start({ name: "second", lease: LEASE });

    await job.result();
    expect(second.all("start")).toEqual([]);
    expect(await job.refresh()).toMatchObject({
      attempt: 1,
      crashes: 0,
      history: [{ worker: "first", outcome: "completed" }],
    });
    expect(first.all("lost")).toEqual([]);
  });
});
