// Event streams of a server whose jobs run in other processes, on the engines that processes share.
import { expect, it, onTestFinished } from "vitest";
import { createServer } from "longshore/server";
import type { Longshore } from "longshore";
import { onBothEngines, onOwnRedis, onOwnServers } from "../../process/storage-fixture.js";
import { Reading } from "./streams.js";

/** A server, and streams of it. */
async function serve(longshore: Longshore): Promise<(topics: string, lastEventId?: string) => Promise<Reading>> {
  const server = createServer(longshore, { log: () => {} });
  const { url } = await server.listen({ port: 0 });
  onTestFinished(() => server.close());
  return async (topics, lastEventId) => {
    const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
    const response = await fetch(`${url}/api/events?topics=${topics}`, { headers });
    expect(response.status).toBe(200);
    const reading = new Reading(response.body as ReadableStream<Uint8Array>);
    onTestFinished(() => reading.leave());
    await expect.poll(() => reading.frames.length).toBeGreaterThan(1);
    return reading;
  };
}

const statesOf = (reading: Reading, id: string): string[] =>
  reading.events.filter(({ kind, jobId }) => kind === "state" && jobId === id).map(({ state }) => state);

onBothEngines("the events of jobs that run in other processes", (open) => {
  it("reach those who follow the job, its queue, its tag and all queues", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const follow = await serve(longshore);
    const jobs = await longshore.enqueueMany(
      "work",
      Array.from({ length: 20 }, () => ({ ms: 50 })),
      { queue: "work", tags: ["app:7"] },
    );
    const [first] = jobs;
    const ofJob = await follow(`job:${first?.id}`);
    const ofQueue = await follow("queue:work");
    const ofTag = await follow("tag:app:7");
    const overview = await follow("overview");
    await Promise.all([storage.start({ concurrency: 5 }), storage.start({ concurrency: 5 })]);
    for (const { id } of jobs) {
      await expect.poll(() => statesOf(ofQueue, id)).toEqual(["active", "completed"]);
      await expect.poll(() => statesOf(ofTag, id)).toEqual(["active", "completed"]);
    }
    expect(statesOf(ofJob, first?.id ?? "")).toEqual(["active", "completed"]);
    expect(ofJob.events.find(({ kind }) => kind === "progress")).toMatchObject({ progress: { percent: 50 } });
    await expect
      .poll(() => overview.events.findLast(({ kind }) => kind === "queue"))
      .toMatchObject({ queue: "work", counts: { completed: 20 } });
    await expect
      .poll(() => ofJob.events.findLast(({ kind }) => kind === "job"))
      .toMatchObject({ job: { state: "completed", attempt: 1, progress: { percent: 100 } } });
  });

  it("are those that a client missed while it was away, when it comes back", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const follow = await serve(longshore);
    const job = await longshore.enqueue("work", { ms: 10 }, { queue: "work" });
    const first = await follow(`job:${job.id}`);
    await expect.poll(() => first.lastId).not.toBeNull();
    await first.leave();
    await storage.start();
    await job.result();
    const second = await follow(`job:${job.id}`, first.lastId ?? "");
    await expect.poll(() => statesOf(second, job.id)).toEqual(["active", "completed"]);
    expect(second.of("snapshot")).toEqual([]);
  });
});

onOwnServers("streams while Redis is away", () => {
  it("go on, and show by a snapshot what happened while events were missed", async () => {
    const storage = await onOwnRedis({ appendfsync: "always" });
    const longshore = await storage.connect();
    const follow = await serve(longshore);
    const job = await longshore.enqueue("work", { ms: 10 }, { queue: "work" });
    const seen = await follow(`job:${job.id}`);
    await expect.poll(() => seen.of("snapshot").length).toBe(1);
    await storage.server?.kill();
    await storage.server?.start();
    await expect.poll(() => job.cancel().catch(() => null)).toBe("cancelled");
    const known = (): unknown[] => [
      ...seen.of("snapshot").map(({ data }) => data.job.state),
      ...statesOf(seen, job.id),
    ];
    await expect.poll(known).toContain("cancelled");
    expect(seen.isOver).toBe(false);
  });
});
