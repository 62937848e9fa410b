// All that there is besides jobs, through the typed client: found and commanded, on every engine.
import { expect, it } from "vitest";
import { flow, task, type Longshore } from "longshore";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";
import { served } from "./served.js";

const scan = task("scan", { queue: "scans", attempts: 1 }, ({ input }: { input: { url: string } }) => {
  if (input.url === "bad") throw new Error("no such site");
  return input.url.length;
});

/** Runs all that waits. */
async function work(longshore: Longshore, queues?: readonly string[]): Promise<void> {
  await longshore.worker([scan], { burst: true, ...(queues === undefined ? {} : { queues }) }).finished;
}

/** All entries of a list. */
async function all<Entry>(list: AsyncIterable<Entry>): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of list) entries.push(entry);
  return entries;
}

onEveryEngine("the typed client", (storage) => {
  it("looks after queues", async () => {
    const { client } = await served(await storage.connect());
    await client.enqueueAll([
      { task: scan, input: { url: "a" } },
      { task: scan, input: { url: "b" }, options: { delay: "1h" } },
    ]);
    const queue = client.queue("scans");
    await queue.pause();
    expect(await queue.refresh()).toMatchObject({ queue: "scans", paused: true });
    expect((await all(client.queues())).map(({ queue }) => queue)).toEqual(["scans"]);
    await queue.resume();
    expect(await queue.drain()).toMatchObject({ removed: 1, more: false });
    expect(await queue.drain({ delayed: true })).toMatchObject({ removed: 1 });
    await expect(queue.obliterate({ confirm: "scan" })).rejects.toMatchObject({ field: "confirm" });
    await queue.obliterate({ confirm: "scans" });
    await expect(queue.refresh()).rejects.toMatchObject({ status: 404 });
  });

  it("counts jobs, and reads one whose id is a word of the API", async () => {
    const { client } = await served(await storage.connect());
    const job = await client.enqueue(scan, { url: "a" }, { id: "count", tags: ["user:42"] });
    await client.enqueue(scan, { url: "b" });
    expect(await client.count({ tag: "user:42", states: "queued" })).toMatchObject({ count: 1 });
    expect((await client.facets({ queue: "scans" })).tasks).toEqual([{ value: "scan", count: 2 }]);
    expect(await job.refresh()).toMatchObject({ jobId: "count", tags: ["user:42"] });
    expect(await client.tag("user:42")).toMatchObject({ tag: "user:42" });
  });

  it("commands workers", async () => {
    const longshore = await storage.connect();
    const { client } = await served(longshore);
    const worker = longshore.worker([scan], { name: "scanner" });
    await expect.poll(async () => (await all(client.workers())).map(({ name }) => name)).toEqual(["scanner"]);
    expect((await all(client.tasks())).map(({ task }) => task)).toEqual(["scan"]);
    await client.worker("scanner").quiet();
    expect(await client.worker("scanner").refresh()).toMatchObject([{ name: "scanner" }]);
    await client.worker("scanner").resume();
    await client.worker("scanner").stop();
    await worker.finished;
  });

  it("shows flows", async () => {
    const longshore = await storage.connect();
    const { client } = await served(longshore);
    const site = flow("site", { queue: "scans" }, ($) => {
      $(scan, { url: "first" }, { name: "first" });
      $(scan, { url: "second" }, { name: "second" });
    });
    const { id } = await longshore.enqueue(site);
    const shown = client.flow(id);
    expect((await shown.tree()).tree.map(({ node }) => node)).toEqual(["first", "second"]);
    expect((await shown.graph()).nodes).toHaveLength(2);
    expect((await all(client.flows({ states: ["active", "blocked", "queued"] }))).map(({ jobId }) => jobId)).toEqual([
      id,
    ]);
    await work(longshore);
    await expect(shown.result()).resolves.toBeDefined();
  });

  it("keeps schedules", async () => {
    const { client } = await served(await storage.connect());
    const nightly = client.schedule("nightly");
    expect(await nightly.put({ task: "scan", input: { url: "a" }, cron: "0 3 * * *" })).toMatchObject({
      name: "nightly",
    });
    expect(await nightly.times({ count: 2, after: new Date("2026-12-01T00:00:00Z") })).toEqual([
      "2026-12-01T03:00:00.000Z",
      "2026-12-02T03:00:00.000Z",
    ]);
    await nightly.pause();
    expect(await nightly.refresh()).toMatchObject({ name: "nightly", paused: true });
    await nightly.resume();
    const job = await nightly.run();
    expect(await job.refresh()).toMatchObject({ task: "scan", input: { url: "a" } });
    expect((await all(client.schedules())).map(({ name }) => name)).toEqual(["nightly"]);
    await nightly.remove();
    await expect(nightly.refresh()).rejects.toMatchObject({ code: "SCHEDULE_NOT_FOUND" });
  });

  it("looks after failures, by bulk jobs where there are many", async () => {
    const longshore = await storage.connect();
    const { client } = await served(longshore, { tasks: [scan] });
    await client.enqueueAll([1, 2].map(() => ({ task: scan, input: { url: "bad" } })));
    await work(longshore);
    const [group] = await all(client.failures({ states: ["open"] }));
    const failure = client.failure(group?.fingerprint ?? "");
    expect(await failure.acknowledge()).toMatchObject({ state: "acknowledged" });
    expect(await failure.reopen()).toMatchObject({ state: "open" });
    expect(await failure.resolve()).toMatchObject({ state: "resolved" });
    expect(await failure.refresh()).toMatchObject({ fingerprint: failure.fingerprint });
    const filter = { states: ["failed" as const], created: { from: new Date(0) } };
    expect(await client.bulkPreview({ action: "retry", filter })).toEqual({ action: "retry", matched: 2, exact: true });
    const bulk = await client.bulk({ action: "retry", filter });
    expect(await bulk.refresh()).toMatchObject({ jobId: bulk.id, action: "retry" });
    expect(await bulk.cancel()).toBe("cancelled");
    expect((await failure.retry()).id).not.toBe(bulk.id);
    expect((await all(client.bulkJobs())).length).toBeGreaterThan(1);
    await failure.discard();
  });

  it("tells figures", async () => {
    const longshore = await storage.connect();
    const { client } = await served(longshore);
    await client.enqueue(scan, { url: "a" });
    await work(longshore);
    expect(await all(client.totals({ queues: ["scans"] }))).toMatchObject([{ queue: "scans" }]);
    expect(await client.series({ queues: ["scans"], by: ["queue", "outcome"] })).toBeInstanceOf(Array);
    await client.enqueue("unknown", null, { queue: "unserved" });
    expect(await client.insights()).toBeInstanceOf(Array);
    expect(await client.capacity({ queues: ["scans"], targetWait: "10s" })).toHaveProperty("at");
    expect(await client.info()).toHaveProperty("engine");
  });
});
