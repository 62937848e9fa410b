// A client that loses its connection at any moment, in the middle of what it is sent, and comes back with the id of the last frame that
// it saw whole: it misses nothing and sees nothing twice.
import * as fc from "fast-check";
import { expect, it, test } from "vitest";
import type { Job } from "longshore";
import { checkOn, TIME_LIMIT } from "../../property/check.js";
import { LiveFixture, type Frame, type Reading } from "./streams.js";

const JOBS = 3;

/** What happens next. */
type Step =
  | { readonly do: "turn"; readonly job: number }
  | { readonly do: "pass"; readonly ms: number }
  /** The connection breaks when `seen` of a hundred frames of it have come, and is made anew after a while. */
  | { readonly do: "lose"; readonly seen: number; readonly ms: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("turn" as const), job: fc.nat(JOBS - 1) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(5, 20, 100, 300) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ do: fc.constant("lose" as const), seen: fc.integer({ min: 0, max: 100 }) },
      ms: fc.constantFrom(0, 20, 300, 3_000),
    }),
  },
);

/** What a client knows of each topic: how it was when it saw a snapshot, and what came since. */
class Known {
  readonly topics = new Map<string, { base: Frame["data"]; events: string[] }>();
  lastId: string | null = null;
  snapshots = 0;

  take(frames: readonly Frame[]): void {
    for (const { event, id, data } of frames) {
      if (event === "snapshot") {
        this.snapshots += 1;
        this.topics.set(data.topic, { base: data, events: [] });
      }
      if (event === "delta") this.topics.get(data.topic)?.events.push(...data.events.filter(isState).map(textOf));
      this.lastId = id ?? this.lastId;
    }
  }
}

const isState = ({ kind }: { kind: string }): boolean => kind === "state";
const textOf = ({ jobId, at, state, cause }: Record<string, string>): string => `${jobId} ${at} ${cause} ${state}`;

/** Queues a job again, or cancels it. */
async function turn(job: Job): Promise<void> {
  const { state } = await job.refresh();
  await (state === "queued" ? job.cancel() : job.retry());
}

/** What all streams may be about here: of a queue the present states of its jobs are not in the snapshot. */
const topicsOf = (jobs: readonly Job[]): string => jobs.map(({ id }) => `job:turns/${id}`).join(",") + ",queue:turns";

async function follow(steps: readonly Step[]): Promise<void> {
  const live = new LiveFixture();
  const jobs = await live.longshore.enqueueMany("turn", Array.from({ length: JOBS }), { queue: "turns" });
  const reference = new Known();
  const steady = await live.open(topicsOf(jobs));
  const known = new Known();
  let reading: Reading | null = null;
  const come = async (): Promise<void> => {
    reading = await live.open(topicsOf(jobs), { subject: "bob", lastEventId: known.lastId });
  };
  for (const step of steps) {
    if (step.do === "pass") await live.pass(step.ms, 5);
    else if (step.do === "turn") {
      const job = jobs[step.job];
      if (job !== undefined) await turn(job);
      await live.rest();
    } else {
      if (reading === null) await come();
      const { frames } = reading as unknown as Reading;
      known.take(frames.slice(0, Math.ceil((frames.length * step.seen) / 100)));
      await (reading as unknown as Reading).leave();
      await live.pass(step.ms, 20);
      await come();
    }
  }
  if (reading === null) await come();
  await live.pass(1_000, 50);
  known.take((reading as unknown as Reading).frames);
  reference.take(steady.frames);
  for (const [topic, { events }] of reference.topics) {
    const own = known.topics.get(topic);
    expect(own?.events).toEqual(events.slice(events.length - (own?.events.length ?? 0)));
    if (own?.base.job === undefined) continue;
    // What it knew when it began is how the job was right before what came.
    const before = events.at(events.length - own.events.length - 1);
    const state = own.events.length === events.length ? "queued" : before?.split(" ").at(-1);
    expect([topic, own.base.job.state]).toEqual([topic, state]);
  }
  await live.close();
}

test(
  "wherever it is cut off",
  () =>
    checkOn(
      {
        any: fc.array(anyStep, { minLength: 5, maxLength: 40 }),
        describe: (steps) => steps.map((step) => JSON.stringify(step)),
      },
      follow,
      1 / 3,
    ),
  TIME_LIMIT,
);

it("goes on without a snapshot when it comes back within the time that topics stay", async () => {
  const live = new LiveFixture();
  const job = await live.longshore.enqueue("turn", null, { queue: "turns" });
  const topics = `job:turns/${job.id}`;
  const first = await live.open(topics);
  await live.pass(1_000);
  await first.leave();
  await job.cancel();
  await live.pass(14_000, 1_000);
  const second = await live.open(topics, { lastEventId: first.lastId });
  expect(second.of("snapshot")).toEqual([]);
  expect(second.events.map(({ kind, state }) => state ?? kind)).toEqual(["cancelled", "job"]);
  await second.leave();
  await job.retry();
  await live.pass(16_000, 1_000);
  const third = await live.open(topics, { lastEventId: second.lastId });
  expect(third.of("snapshot").map(({ data }) => [data.reason, data.job.state])).toEqual([["resume-failed", "queued"]]);
  await live.close();
});

it("gets snapshots where the id is of another hub, of none, or of a time that is forgotten", async () => {
  const live = new LiveFixture();
  const other = new LiveFixture();
  const there = await other.open("queue:turns");
  for (const lastEventId of [there.lastId, "", "nonsense", "a.b", `${there.lastId}.9`, "AAAAAAAA.99999999999999"]) {
    const seen = await live.open("queue:turns", { lastEventId, subject: "bob" });
    expect(seen.of("snapshot").map(({ data }) => data.reason)).toEqual(["resume-failed"]);
  }
  const seen = await live.open("queue:turns");
  const { lastId } = seen;
  for (let round = 0; round < 20; round += 1) {
    await live.longshore.enqueueMany("turn", [1], { queue: "turns" });
    await live.pass(4_000, 1_000);
  }
  const late = await live.open("queue:turns", { lastEventId: lastId });
  expect(late.of("snapshot")[0]?.data.reason).toBe("resume-failed");
  const soon = await live.open("queue:turns", { lastEventId: seen.lastId });
  expect(soon.of("snapshot")).toEqual([]);
  await Promise.all([live.close(), other.close()]);
});

it("gets snapshots of all topics where it follows one more than before", async () => {
  const live = new LiveFixture();
  const first = await live.open("queue:turns");
  const second = await live.open("queue:turns,queue:others", { lastEventId: first.lastId });
  expect(second.of("snapshot").map(({ data }) => data.topic)).toEqual(["queue:turns", "queue:others"]);
  await live.close();
});
