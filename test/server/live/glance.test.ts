// All queues at a glance, and what fails: read now and then, and only what changed is shown.
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { EngineUnavailable, task } from "longshore";
import { pause } from "../../../src/model/value/clock.js";
import { withCommands } from "../../worker/fixtures/fake-time-fixture.js";
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

it("shows what happened while the engine did not answer soon after it answers again, however long that took", async () => {
  let isSilent = false;
  const answered = async <Answer>(answer: Answer): Promise<Answer> => {
    if (isSilent) {
      await pause(away.clock, 4_000);
      if (isSilent) throw new EngineUnavailable("the store", "it does not answer");
    }
    return answer;
  };
  const away: LiveFixture = new LiveFixture((engine) =>
    withCommands(engine, {
      queues: async (query) => answered(await engine.queues(query)),
      totals: async (query) => answered(await engine.totals(query)),
    }),
  );
  onTestFinished(() => away.close());
  const [overview, failures] = [await away.open("overview"), await away.open("failures")];
  const broken = task("broken", { queue: "a", attempts: 1 }, () => {
    throw new Error("no such page");
  });
  away.longshore.worker([broken]);
  isSilent = true;
  await away.pass(3_000, 500);
  await away.enqueue(broken);
  // It answers again in the middle of a read, which takes long then and says nothing of what reads cost.
  await away.pass(10_000, 500);
  isSilent = false;
  await away.pass(18_000, 500);
  expect(overview.events).toContainEqual(expect.objectContaining({ kind: "queue", queue: "a" }));
  expect(failures.events).toContainEqual(expect.objectContaining({ kind: "group", runs: 1 }));
});

it("asks a store that answers slowly less often, but not for ever less", async () => {
  let asked = 0;
  const slow: LiveFixture = new LiveFixture((engine) =>
    withCommands(engine, {
      queues: async (query) => {
        asked += 1;
        if (asked > 1) await pause(slow.clock, 500);
        return engine.queues(query);
      },
    }),
  );
  onTestFinished(() => slow.close());
  await slow.open("overview");
  await slow.pass(60_000, 250);
  // Each takes half a second, and one part in ten of the time.
  expect(asked).toBeGreaterThan(9);
  expect(asked).toBeLessThan(16);
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
