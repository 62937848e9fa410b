// All queues at a glance, and what fails: read now and then, and only what changed is shown.
import { afterEach, beforeEach, expect, it } from "vitest";
import { task } from "longshore";
import { LiveFixture } from "./streams.js";

let live: LiveFixture;

beforeEach(() => {
  live = new LiveFixture();
});

afterEach(() => live.close());

it("shows the counts of all queues, those that change, and those that go", async () => {
  await live.longshore.enqueueMany("scan", [1, 2], { queue: "a" });
  await live.longshore.enqueueMany("scan", [1], { queue: "b" });
  const seen = await live.open("overview");
  expect(seen.of("snapshot")[0]?.data).toMatchObject({
    queueCount: 2,
    queues: [
      { queue: "a", paused: false, counts: { queued: 2 }, perMinute: { ended: 0, failed: 0 } },
      { queue: "b", counts: { queued: 1 } },
    ],
  });
  await live.pass(3_000);
  expect(seen.events).toEqual([]);
  await live.longshore.queue("a").pause();
  await live.longshore.enqueueMany("scan", [1], { queue: "c" });
  await live.longshore.queue("b").obliterate();
  await live.pass(1_500);
  expect(seen.events).toMatchObject([
    { kind: "queue-gone", queue: "b" },
    { kind: "queue", queue: "a", paused: true, counts: { queued: 2 } },
    { kind: "queue", queue: "c", counts: { queued: 1 } },
  ]);
});

it("says how many jobs end in a queue a minute", async () => {
  const seen = await live.open("overview");
  const scan = task("scan", { queue: "a" }, () => null);
  live.longshore.worker([scan]);
  await live.longshore.enqueueMany(
    scan,
    Array.from({ length: 30 }, () => undefined as never),
  );
  await live.pass(11_000, 500);
  const { perMinute } = seen.events.findLast(({ kind }) => kind === "queue");
  // 30 in the ten seconds in which totals were read.
  expect(perMinute).toEqual({ ended: 180, failed: 0 });
});

it("shows failure groups as they come, and as people change them", async () => {
  const seen = await live.open("failures");
  expect(seen.of("snapshot")[0]?.data).toMatchObject({ groups: [] });
  const broken = task("broken", { queue: "a", attempts: 1 }, () => {
    throw new Error("no such page");
  });
  live.longshore.worker([broken]);
  await live.enqueue(broken);
  await live.pass(4_000, 500);
  const group = seen.events.find(({ kind }) => kind === "group");
  expect(group).toMatchObject({ name: "Error", message: "no such page", state: "open", runs: 1, queues: ["a"] });
  await live.longshore.failure(group.fingerprint).acknowledge({ by: "ada" });
  await live.pass(12_000, 500);
  expect(seen.events.at(-1)).toMatchObject({ kind: "group", state: "acknowledged", changedBy: "ada" });
});
