// Streams of events: snapshots, changes, coming back, and what is left of them when they end.
import { afterEach, beforeEach, expect, it } from "vitest";
import { EngineUnavailable, flow, task, type FlowBuilder } from "longshore";
import { withCommands } from "../../worker/fixtures/fake-time-fixture.js";
import { LiveFixture, viewWith } from "./streams.js";

let live: LiveFixture;

beforeEach(() => {
  live = new LiveFixture();
});

afterEach(async () => {
  await live.close();
});

const scan = task("scan", { queue: "scans", steps: ["read", "think"] }, async ({ step, emit }) => {
  await step("read", () => 1);
  await emit("found", { pages: 3 });
  await step("think", () => 2);
  return "done";
});

const sorted = <Value>(values: readonly Value[]): Value[] => values.toSorted((a, b) => (a < b ? -1 : 1));

const NOTHING = { streams: 0, subjects: 0, topics: 0, lingering: 0, queues: 0, listeners: 0 };

it("begins with a snapshot of the job, and goes on with what changes until its end", async () => {
  const job = await live.enqueue(scan);
  const seen = await live.open(`job:scans/${job.id}`);
  expect(seen.frames.map(({ event }) => event)).toEqual(["retry", "open", "snapshot"]);
  const [, open, snapshot] = seen.frames;
  expect(open?.data.topics).toEqual([{ asked: `job:scans/${job.id}`, topic: `job:scans/${job.id}` }]);
  expect(snapshot?.data).toMatchObject({
    ...{ topic: `job:scans/${job.id}`, reason: "subscribed", steps: [], milestones: [] },
    job: { jobId: job.id, queue: "scans", task: "scan", state: "queued", createdAt: "2023-11-14T22:13:20.000Z" },
  });
  live.longshore.worker([scan]);
  await live.pass(2_000);
  const states = seen.events.filter(({ kind }) => kind === "state").map(({ state, cause }) => `${state} by ${cause}`);
  expect(states).toEqual(["active by lease", "completed by complete"]);
  expect(seen.events.filter(({ kind }) => kind === "milestone")).toMatchObject([
    { name: "found", value: { pages: 3 } },
  ]);
  expect(seen.events.findLast(({ kind }) => kind === "job").job).toMatchObject({ state: "completed", attempt: 1 });
  const late = await live.open(`job:scans/${job.id}`);
  expect(late.of("snapshot")[0]?.data).toMatchObject({
    job: { state: "completed", progress: { percent: 100, milestones: ["found"] } },
    steps: [{ name: "read" }, { name: "think" }],
    milestones: [{ name: "found", value: { pages: 3 } }],
  });
});

it("shows what handlers emit to none who may not read payloads", async () => {
  const job = await live.enqueue(scan);
  const seen = await live.open(`job:scans/${job.id}`, { view: viewWith(false) });
  live.longshore.worker([scan]);
  await live.pass(2_000);
  expect(seen.events.filter(({ kind }) => kind === "milestone")).toMatchObject([{ name: "found", value: null }]);
  const late = await live.open(`job:scans/${job.id}`, { view: viewWith(false) });
  expect(late.of("snapshot")[0]?.data.milestones).toMatchObject([{ name: "found", value: null }]);
});

it("refuses a job that is not there, and keeps nothing of it", async () => {
  await expect(live.open("job:scans/none")).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
  expect(live.hub.size).toMatchObject(NOTHING);
});

it("keeps nothing of a client that left but the topic, for a while, for when it comes back", async () => {
  const job = await live.enqueue(scan);
  const [first, second] = [
    await live.open(`job:scans/${job.id},queue:scans,tag:a,overview,failures`),
    await live.open("queue:scans"),
  ];
  expect(live.hub.size).toMatchObject({ streams: 2, subjects: 1, topics: 5, lingering: 0, queues: 1, listeners: 3 });
  await first.leave();
  expect(live.hub.size).toMatchObject({ streams: 1, topics: 5, lingering: 4 });
  await second.leave();
  expect(live.hub.size).toMatchObject({ streams: 0, subjects: 0, topics: 5, lingering: 5 });
  await live.pass(15_000);
  expect(live.hub.size).toMatchObject(NOTHING);
});

it("gives signs of life", async () => {
  const seen = await live.open("queue:scans");
  await live.pass(15_000, 1_000);
  expect(seen.of("comment")).toHaveLength(1);
  await live.pass(15_000, 1_000);
  expect(seen.of("comment")).toHaveLength(2);
});

it("ends the stream of a client that may not see it any more", async () => {
  let allowed = true;
  const seen = await live.open("queue:scans", { recheck: () => Promise.resolve(allowed) });
  await live.pass(15_000, 1_000);
  expect(seen.isOver).toBe(false);
  allowed = false;
  await live.pass(15_000, 1_000);
  expect(seen.frames.at(-1)).toMatchObject({ event: "end", data: { reason: "access-ended" } });
  expect(seen.isOver).toBe(true);
  expect(live.hub.size.streams).toBe(0);
});

it("ends all streams with a frame that says why when it closes, and begins none after that", async () => {
  const seen = await live.open("queue:scans");
  live.hub.close();
  await live.rest();
  expect(seen.frames.at(-1)).toMatchObject({ event: "end", data: { reason: "server-closing" } });
  expect([seen.isOver, seen.error]).toEqual([true, null]);
  expect(live.hub.size).toMatchObject(NOTHING);
  await expect(live.open("queue:scans")).rejects.toMatchObject({ code: "SERVER_CLOSING", status: 503 });
});

it("ends all streams when the connection to the engine is closed", async () => {
  const seen = await live.open("queue:scans");
  await live.longshore.close();
  await live.rest();
  expect(seen.frames.at(-1)).toMatchObject({ event: "end", data: { reason: "engine-closed" } });
  expect(live.hub.size).toMatchObject(NOTHING);
});

it("has so many streams in a process and of a subject, and no more", async () => {
  const few = new LiveFixture(undefined, { process: 3, subject: 2 });
  const [first] = [await few.open("queue:a"), await few.open("queue:a")];
  await expect(few.open("queue:a")).rejects.toMatchObject({ code: "TOO_MANY_STREAMS", status: 429 });
  await few.open("queue:a", { subject: "bob" });
  await expect(few.open("queue:a", { subject: "cy" })).rejects.toMatchObject({ code: "TOO_MANY_STREAMS", status: 503 });
  await first?.leave();
  await few.open("queue:a");
  await few.close();
});

it("sends at most four frames a second of a topic, the latest progress and every state among them", async () => {
  const busy = task("busy", { queue: "scans" }, async ({ progress }) => {
    for (let percent = 1; percent <= 90; percent += 1) {
      progress(percent);
      await new Promise<void>((resolve) => void live.clock.after(20, resolve));
    }
  });
  const job = await live.enqueue(busy);
  const seen = await live.open(`job:scans/${job.id}`);
  live.longshore.worker([busy]);
  await live.pass(3_000, 10);
  const times = seen.of("delta").map(({ data }) => Date.parse(data.at));
  const between = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  expect(Math.min(...between)).toBeGreaterThanOrEqual(250);
  const progress = seen.events.filter(({ kind }) => kind === "progress").map((event) => event.progress.percent);
  expect(progress.length).toBeGreaterThan(3);
  expect(progress.length).toBeLessThan(15);
  expect(seen.events.filter(({ kind }) => kind === "state").map(({ state }) => state)).toEqual(["active", "completed"]);
});

it("gives a fresh snapshot where events were missed", async () => {
  let missing = false;
  const gappy = new LiveFixture((engine) =>
    withCommands(engine, {
      watch: async (params) => {
        const answer = await engine.watch(params);
        if (!missing) return answer;
        missing = false;
        return { ...answer, events: [], gap: true };
      },
    }),
  );
  const job = await gappy.enqueue(scan);
  const seen = await gappy.open(`job:scans/${job.id}`);
  missing = true;
  await job.cancel();
  await gappy.pass(1_000);
  expect(seen.of("snapshot").map(({ data }) => [data.reason, data.job.state])).toEqual([
    ["subscribed", "queued"],
    ["events-missed", "cancelled"],
  ]);
  await gappy.close();
});

it("tries again to read what events it missed when the engine does not answer", async () => {
  let missing = false;
  let failing = 0;
  const gappy = new LiveFixture((engine) =>
    withCommands(engine, {
      watch: async (params) => {
        const answer = await engine.watch(params);
        if (!missing) return answer;
        missing = false;
        failing = 3;
        return { ...answer, events: [], gap: true };
      },
      getJobs: (params) => {
        if (failing > 0) {
          failing -= 1;
          throw new EngineUnavailable("memory", "it is down");
        }
        return engine.getJobs(params);
      },
    }),
  );
  const job = await gappy.enqueue(scan);
  const seen = await gappy.open(`job:scans/${job.id}`);
  missing = true;
  await job.cancel();
  await gappy.pass(1_000);
  expect(seen.of("snapshot")).toHaveLength(1);
  await gappy.pass(3_000);
  expect(seen.of("snapshot").map(({ data }) => data.job.state)).toEqual(["queued", "cancelled"]);
  await gappy.close();
});

it("shows a queue: its counts, what runs, and what happens to its jobs", async () => {
  const seen = await live.open("queue:scans");
  expect(seen.of("snapshot")[0]?.data).toMatchObject({
    queue: { queue: "scans", paused: false, counts: { queued: 0 } },
    active: [],
  });
  await live.longshore.queue("scans").pause();
  const job = await live.enqueue(scan);
  await live.pass(2_000);
  expect(seen.events.map(({ kind }) => kind)).toEqual(["paused", "state", "counts"]);
  expect(seen.events.at(-1)).toMatchObject({ counts: { queued: 1 } });
  const late = await live.open("queue:scans");
  expect(late.of("snapshot")[0]?.data.queue).toMatchObject({ paused: true, counts: { queued: 1 } });
  await job.remove();
  await live.pass(2_000);
  expect(seen.events.slice(3)).toMatchObject([
    { kind: "removed", jobId: job.id },
    { kind: "counts", counts: { queued: 0 } },
  ]);
});

it("shows the jobs of a tag in whatever queues, those of new queues, too, and no others", async () => {
  const [first] = await live.longshore.enqueueMany("scan", [1], { queue: "a", tags: ["app:7"] });
  await live.longshore.enqueueMany("scan", [1], { queue: "a", tags: ["app:8"] });
  const seen = await live.open("tag:app:7");
  expect(seen.of("snapshot")[0]?.data.jobs).toMatchObject([{ jobId: first?.id, state: "queued" }]);
  const [second] = await live.longshore.enqueueMany("scan", [1], { queue: "a", tags: ["app:7", "x"] });
  await live.longshore.enqueueMany("scan", [1], { queue: "a", tags: ["x"] });
  await first?.cancel();
  await live.pass(1_000);
  expect(new Map(seen.events.map(({ jobId, state }) => [jobId, state]))).toEqual(
    new Map([
      [second?.id, "queued"],
      [first?.id, "cancelled"],
    ]),
  );
  const [third] = await live.longshore.enqueueMany("scan", [1], { queue: "new", tags: ["app:7"] });
  await live.pass(7_000);
  const fresh = seen.of("snapshot").at(-1)?.data;
  expect(fresh.jobs.map(({ jobId }: { jobId: string }) => jobId)).toContain(third?.id);
  await third?.cancel();
  await live.pass(1_000);
  expect(seen.events.at(-1)).toMatchObject({ jobId: third?.id, state: "cancelled" });
});

it("shows a flow with its jobs, those that it adds while it runs, too, until its end", async () => {
  const leaf = task<number, number>("leaf", { queue: "leaves" }, async ({ input, emit }) => {
    await emit("half", input / 2);
    return input;
  });
  const trunk = task<null, number>("trunk", { queue: "trunks" }, async ({ spawn }) => {
    const { values } = await spawn.all("leaves", leaf, [1, 2, 3]);
    return values.length;
  });
  const tree = flow("tree", { queue: "forest" }, ($: FlowBuilder<null>) => $(trunk, $.input));
  const job = await live.longshore.enqueue(tree, null);
  const seen = await live.open(`flow:forest/${job.id}`);
  const snapshot = seen.of("snapshot")[0]?.data;
  expect(snapshot).toMatchObject({ job: { jobId: job.id, role: "flow", state: "blocked" }, memberCount: 1 });
  expect(snapshot.members).toMatchObject([{ task: "trunk", node: "trunk", state: "queued", queue: "trunks" }]);
  live.longshore.worker([leaf, trunk]);
  await live.pass(5_000);
  expect(seen.events.filter(({ kind }) => kind === "member")).toMatchObject([
    { task: "leaf", queue: "leaves", parent: "trunk" },
    { task: "leaf", queue: "leaves", parent: "trunk" },
    { task: "leaf", queue: "leaves", parent: "trunk" },
  ]);
  // Those that were over before they could be listened to say so as they join.
  const ends = seen.events.filter(({ state }) => state === "completed");
  expect(sorted(ends.map(({ queue }) => queue))).toEqual(["forest", "leaves", "leaves", "leaves", "trunks"]);
  const values = seen.events.filter(({ kind }) => kind === "milestone").map(({ value }) => value);
  expect(sorted(values)).toEqual([0.5, 1, 1.5]);
  expect(seen.events.findLast(({ kind, jobId }) => kind === "progress" && jobId === job.id).progress.percent).toBe(100);
  const late = await live.open(`flow:forest/${job.id}`);
  expect(late.of("snapshot")[0]?.data).toMatchObject({ job: { state: "completed" }, memberCount: 4 });
});
