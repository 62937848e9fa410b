// What streams cost: one watch a queue, one look-up a job, a bounded number of reads a second, however many clients there are. A
// client that takes nothing holds up no other.
import { expect, it } from "vitest";
import { NO_PROGRESS } from "../../../src/model/job/progress.js";
import { TestSession } from "../../../src/engine/testkit/context/test-session.js";
import { MOST_BEHIND } from "../../../src/server/live/stream.js";
import { task, type Engine } from "longshore";
import { withCommands } from "../../worker/fixtures/fake-time-fixture.js";
import { LiveFixture, Reading, viewWith } from "./streams.js";

const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);

const READS = ["getJobs", "listJobs", "queues", "totals", "failureGroups", "checkpoints", "dependencies"] as const;

/** A fixture that counts the commands that read, and those that ask for events. */
class CountingFixture {
  readonly asked = new Map<string, number>();
  readonly live = new LiveFixture((engine) => {
    const counted = ([name, command]: readonly [string, unknown]): [string, unknown] => {
      const count = (...args: unknown[]): unknown => {
        this.asked.set(name, (this.asked.get(name) ?? 0) + 1);
        return (command as (...args: unknown[]) => unknown).apply(engine, args);
      };
      return [name, count];
    };
    return withCommands(engine, Object.fromEntries(READS.map((name) => counted([name, engine[name]]))));
  });

  /** How many reads there were since it was asked last. */
  reads(): number {
    const all = sum([...this.asked.values()]);
    this.asked.clear();
    return all;
  }
}

const busy = task("busy", { queue: "work", tags: ["app:7"] }, () => null);

/** Jobs that run, and how they report: as a worker of another process has it done. */
async function running(
  { live }: CountingFixture,
  count: number,
): Promise<{ ids: string[]; report: (percent: number) => Promise<void> }> {
  await live.longshore.enqueueMany(busy, Array.from({ length: count }), { tags: ["app:7"] });
  const worker = {
    ...{ name: "other", host: "there", pid: 1, queues: ["work"], tasks: [] },
    ...{ appVersion: null, environment: null, longshore: "", node: "", concurrency: count, startedAt: 0 },
  };
  const session = new TestSession(live.memory as Engine, "other", worker, 3_600_000);
  await session.open();
  const leases = await session.claimMany(count);
  expect(leases).toHaveLength(count);
  return {
    ids: leases.map(({ id }) => id),
    report: async (percent) => {
      for (const lease of leases) await session.report(lease, { progress: { ...NO_PROGRESS, percent } });
    },
  };
}

it("watches a queue once for 200 clients, whatever they follow, and keeps nothing of them when they leave", async () => {
  const { live } = new CountingFixture();
  const readings: Reading[] = [];
  for (let client = 0; client < 200; client += 1) {
    readings.push(await live.open("queue:work", { subject: `s${client % 4}` }));
  }
  expect(live.hub.size).toMatchObject({ streams: 200, topics: 1, queues: 1, listeners: 1 });
  await live.enqueue(busy);
  await live.pass(500);
  for (const reading of readings) expect(reading.events).toMatchObject([{ kind: "state", state: "queued" }, {}]);
  for (const reading of readings) await reading.leave();
  expect(live.hub.size).toMatchObject({ streams: 0, subjects: 0, lingering: 1 });
  await live.pass(15_000, 1_000);
  expect(live.hub.size).toMatchObject({ topics: 0, queues: 0, listeners: 0 });
  await live.close();
});

it("hands one and the same bytes to all clients with one view", async () => {
  const live = new LiveFixture();
  const topics = [{ asked: "queue:work", topic: { kind: "queue", queue: "work" } }] as const;
  const open = async (payloads: boolean): Promise<ReadableStreamDefaultReader<Uint8Array>> => {
    const body = live.hub.open({ topics, view: viewWith(payloads), subject: "ada", lastEventId: null });
    return (await Promise.all([body, live.rest()]))[0].getReader();
  };
  const readers = [await open(true), await open(true), await open(false)];
  // The greeting, what is followed, the snapshot.
  for (const reader of readers) for (let n = 0; n < 3; n += 1) await reader.read();
  await live.enqueue(busy);
  await live.pass(300);
  const [first, second, third] = await Promise.all(readers.map(async (reader) => (await reader.read()).value));
  expect(first).toBe(second);
  expect(first).not.toBe(third);
  expect(new TextDecoder().decode(first)).toContain('"kind":"state"');
  await live.close();
});

it("asks the engine no more often for 50 clients than for one, with 1,000 jobs that report", async () => {
  const counting = new CountingFixture();
  const { live } = counting;
  const { ids, report } = await running(counting, 1_000);
  const topics = `overview,failures,queue:work,tag:app:7,${ids
    .slice(0, 40)
    .map((id) => `job:work/${id}`)
    .join(",")}`;
  const second = async (percent: number): Promise<number> => {
    counting.reads();
    await report(percent);
    await live.pass(1_000, 50);
    return counting.reads();
  };
  await live.open(topics);
  await live.pass(5_000, 250);
  const withOne: number[] = [];
  for (let percent = 1; percent <= 15; percent += 1) withOne.push(await second(percent));
  for (let client = 1; client < 50; client += 1) await live.open(topics);
  const withAll: number[] = [];
  for (let percent = 16; percent <= 30; percent += 1) withAll.push(await second(percent));
  expect(sum(withAll)).toBeLessThanOrEqual(sum(withOne));
  // 15 s: queues each second, totals, failures, and the tags of jobs that were forgotten.
  expect(sum(withAll)).toBeLessThan(60);
  await live.close();
});

it("looks the tags of a job up once, not for each of its events", async () => {
  const counting = new CountingFixture();
  const { live, asked } = counting;
  const { report } = await running(counting, 1_000);
  const seen = await live.open("tag:app:7");
  asked.clear();
  for (let percent = 1; percent <= 20; percent += 1) {
    await report(percent);
    await live.pass(250, 50);
  }
  // 1,000 jobs, 500 in a command, and once more where events came in several answers meanwhile.
  expect(asked.get("getJobs") ?? 0).toBeLessThanOrEqual(8);
  const told = new Set(seen.events.map(({ jobId }) => jobId));
  expect(told.size).toBe(1_000);
  await live.close();
});

it("sends a snapshot in place of changes of more jobs than fit in a frame", async () => {
  const counting = new CountingFixture();
  const { live } = counting;
  const { report } = await running(counting, 2_500);
  const seen = await live.open("queue:work");
  await report(50);
  await live.pass(1_000, 50);
  expect(seen.of("snapshot").map(({ data }) => data.reason)).toContain("too-many-changes");
  expect(seen.of("snapshot").at(-1)?.data.active[0].progress.percent).toBe(50);
  await live.close();
});

it("gives up a client that takes nothing, with a last frame that says why, and holds up no other", async () => {
  const live = new LiveFixture();
  const talk = task("talk", { queue: "work" }, async ({ emit }) => {
    for (let turn = 0; turn < 100; turn += 1) {
      await emit("said", "x".repeat(15_000) + turn);
      await new Promise<void>((resolve) => void live.clock.after(300, resolve));
    }
  });
  const job = await live.enqueue(talk);
  const topics = [{ asked: "job", topic: { kind: "job", ref: { queue: "work", id: job.id }, tag: null } }] as const;
  let hungUp = 0;
  const opening = live.hub.open({
    ...{ topics, view: viewWith(true), subject: "bob", lastEventId: null },
    hangUp: () => {
      hungUp += 1;
    },
  });
  const [body] = await Promise.all([opening, live.rest()]);
  const quick = await live.open(`job:work/${job.id}`);
  live.longshore.worker([talk]);
  let most = 0;
  for (let turn = 0; turn < 120; turn += 1) {
    await live.pass(300, 100);
    most = Math.max(most, live.hub.size.behind);
  }
  expect(most).toBeGreaterThan(MOST_BEHIND / 2);
  expect(most).toBeLessThanOrEqual(MOST_BEHIND);
  expect(live.hub.size.streams).toBe(1);
  expect(quick.events.filter(({ kind }) => kind === "milestone")).toHaveLength(100);
  expect(quick.events.findLast(({ kind }) => kind === "state").state).toBe("completed");
  // It did not take the last frame in time either.
  expect(hungUp).toBe(1);
  await body.cancel();
  await live.close();
});

it("breaks a stream off that was given up, where it cannot close the connection", async () => {
  const live = new LiveFixture();
  const topics = [{ asked: "queue:work", topic: { kind: "queue", queue: "work" } }] as const;
  const opening = live.hub.open({ topics, view: viewWith(true), subject: "bob", lastEventId: null });
  const [body] = await Promise.all([opening, live.rest()]);
  live.hub.close();
  await live.pass(5_000, 1_000);
  await expect(body.getReader().read()).rejects.toMatchObject({ code: "ERR_STREAM_PREMATURE_CLOSE" });
  await live.close();
});

it("lets a client that was too slow read why, when it reads on", async () => {
  const live = new LiveFixture();
  const job = await live.longshore.enqueue("talk", null, { queue: "work", meta: {} });
  const topics = [{ asked: "queue:work", topic: { kind: "queue", queue: "work" } }] as const;
  const opening = live.hub.open({ topics, view: viewWith(true), subject: "bob", lastEventId: null });
  const [body] = await Promise.all([opening, live.rest()]);
  for (let turn = 0; live.hub.size.streams > 0; turn += 1) {
    const many = Array.from({ length: 400 }, (_none, n) => n);
    await live.longshore.enqueueMany("talk", many, { queue: "work" });
    await live.pass(300, 100);
    expect(turn).toBeLessThan(30);
  }
  const reading = new Reading(body);
  await live.rest();
  expect(reading.frames.at(-1)).toMatchObject({ event: "end", data: { reason: "too-slow", most: MOST_BEHIND } });
  expect([reading.isOver, reading.error]).toEqual([true, null]);
  expect(job.queue).toBe("work");
  await live.close();
});
