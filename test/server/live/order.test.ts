// What is read and what events say come by ways of their own, and in any order: reads may be ahead of events, and events of reads.
import { once } from "node:events";
import { afterEach, beforeEach, expect, it } from "vitest";
import { withCommands } from "../../worker/fixtures/fake-time-fixture.js";
import { LiveFixture, type Reading } from "./streams.js";

let live: LiveFixture;
/** How many more events may come. */
let mayCome = Number.POSITIVE_INFINITY;
let release = (): void => {};
/** What reads of jobs wait for, before they are carried out, and after that. */
let beforeRead: Promise<unknown> | null = null;
let afterRead: Promise<unknown> | null = null;

beforeEach(() => {
  mayCome = Number.POSITIVE_INFINITY;
  [beforeRead, afterRead] = [null, null];
  live = new LiveFixture((engine) =>
    withCommands(engine, {
      watch: async (params) => {
        const answer = await engine.watch(params);
        if (params.cursor === null) return answer;
        const events = answer.events.slice(0, mayCome);
        mayCome -= events.length;
        return { events, cursor: events.at(-1)?.seq ?? params.cursor, gap: answer.gap };
      },
      awaitEvents: async (params) => {
        // None may come: a wait that found some would be made again at once.
        if (mayCome <= 0 && !params.signal.aborted) {
          await new Promise<void>((resolve) => {
            params.signal.addEventListener("abort", () => resolve(), { once: true });
            release = () => {
              mayCome = Number.POSITIVE_INFINITY;
              resolve();
            };
          });
        }
        return engine.awaitEvents(params);
      },
      getJobs: async (params) => {
        await beforeRead;
        const records = await engine.getJobs(params);
        await afterRead;
        return records;
      },
    }),
  );
});

afterEach(() => live.close());

const statesOf = (reading: Reading): string[] =>
  reading.events.filter(({ kind }) => kind === "state").map(({ state }) => state);

const shownBy = (reading: Reading): unknown => reading.of("snapshot")[0]?.data.job.state;

it("shows every move although the job was read when it was further than its events", async () => {
  const job = await live.longshore.enqueue("turn", null, { queue: "turns" });
  const early = await live.open(`job:turns/${job.id}`);
  mayCome = 1;
  await job.cancel();
  await job.retry();
  await live.pass(1_000);
  // The job is queued again, but that has not come yet.
  expect(statesOf(early)).toEqual(["cancelled"]);
  const late = await live.open(`job:turns/${job.id}`);
  expect(shownBy(late)).toBe("cancelled");
  release();
  await live.pass(1_000);
  expect([statesOf(early), statesOf(late)]).toEqual([["cancelled", "queued"], ["queued"]]);
  expect(early.events.findLast(({ kind }) => kind === "job").job.state).toBe("queued");
});

it("shows no move again that the snapshot has shown, when its event comes later", async () => {
  const job = await live.longshore.enqueue("turn", null, { queue: "turns" });
  const reads = new AbortController();
  beforeRead = once(reads.signal, "abort");
  const opening = live.open(`job:turns/${job.id}`);
  await live.rest();
  mayCome = 0;
  live.memory.cancel({ refs: [{ queue: "turns", id: job.id }], op: "cancel" });
  beforeRead = null;
  reads.abort();
  const seen = await opening;
  expect(shownBy(seen)).toBe("cancelled");
  release();
  await live.pass(1_000);
  expect(statesOf(seen)).toEqual([]);
});

it.each(["job", "queue", "tag"])("loses no move that comes before the answer to an earlier read: %s", async (kind) => {
  const job = await live.longshore.enqueue("turn", null, { queue: "turns", tags: ["app:7"] });
  const topics: Record<string, string> = { job: `job:turns/${job.id}`, queue: "queue:turns", tag: "tag:app:7" };
  // Who is there before sees what comes in any case.
  const steady = await live.open(topics[kind] ?? "", { subject: "bob" });
  await steady.leave();
  await live.pass(15_000, 1_000);
  const answers = new AbortController();
  afterRead = once(answers.signal, "abort");
  const opening = live.open(topics[kind] ?? "");
  await live.rest();
  live.memory.cancel({ refs: [{ queue: "turns", id: job.id }], op: "cancel" });
  await live.rest();
  afterRead = null;
  answers.abort();
  const seen = await opening;
  await live.pass(2_000);
  const shown = JSON.stringify(seen.of("snapshot")[0]?.data ?? null).includes('"state":"cancelled"');
  expect(shown || statesOf(seen).includes("cancelled")).toBe(true);
  expect(shown && statesOf(seen).includes("cancelled")).toBe(false);
});
