/** Waiting for work and for events: a wait ends with a wake-up, at the latest when its time is over. */
import assert from "node:assert/strict";
import type { JobSpec } from "../../../../model/job/job.js";
import type { Engine } from "../../../contract/engine.js";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";

const HOUR = 3_600_000;

function work(
  engine: Engine,
  queues: readonly string[],
  timeout = HOUR,
  stop = new AbortController(),
): Promise<string | null> {
  return engine.awaitWork({ queues, timeout, signal: stop.signal });
}

/** Expects a call to wake the workers that wait for work in the queue `main`, on this connection and on others. */
async function wakes(context: ScenarioContext, happen: () => Promise<unknown>): Promise<void> {
  const other = await context.open();
  const waits = [work(context.engine, ["other", MAIN]), work(other, [MAIN])];
  await happen();
  // The first worker that is woken hands the wake-up on when it looks for work.
  const [first, second] = waits;
  assert.ok(first && second);
  await context.resolves("a worker wakes up", Promise.race([first, second]));
  await context.engine.pause({ queue: MAIN });
  await context.engine.resume({ queue: MAIN });
  await context.resolves("all of them wake up", Promise.all([first, second]));
}

export const wait = scenarios("wait", [
  [
    "enqueue-wakes",
    "a job that is enqueued wakes the workers that wait for work",
    (context) => wakes(context, () => context.add()),
  ],
  [
    "delayed-due-in-time-wakes",
    "a delayed job that is due before the wait is over wakes the workers that wait for work",
    (context) => wakes(context, () => context.add({ due: { in: 1_000 } })),
  ],
  [
    "replacement-brought-forward-wakes",
    "a delayed job whose time is brought forward by one that replaces it wakes the workers that wait for work",
    async (context) => {
      const unique = {
        key: "k",
        until: "started",
        onConflict: "replace",
        debounce: { wait: 1_000, most: null },
      } as const;
      const job = (ms: number): JobSpec => context.spec({ unique, due: { in: ms } });
      await context.engine.enqueue({ jobs: [job(24 * HOUR)] });
      await wakes(context, async () => context.engine.enqueue({ jobs: [job(1_000)] }));
    },
  ],
  [
    "last-superseding-delayed-wakes",
    "the last of several delayed jobs that supersede each other in one command wakes the workers that wait for work",
    (context) =>
      wakes(context, async () => {
        const job = (): JobSpec => context.spec({ supersedes: "s", due: { in: 1_000 } });
        return context.engine.enqueue({ jobs: [job(), job()] });
      }),
  ],
  [
    "promote-wakes",
    "a job that is promoted wakes the workers that wait for work",
    async (context) => {
      const id = await context.add({ due: { in: 24 * HOUR } });
      await wakes(context, () => context.control("promote", id));
    },
  ],
  [
    "resume-wakes",
    "a queue that is resumed wakes the workers that wait for work",
    async (context) => {
      await context.add();
      await context.engine.pause({ queue: MAIN });
      await wakes(context, async () => context.engine.resume({ queue: MAIN }));
    },
  ],
  [
    "work-is-there-already",
    "work that is there already is not waited for",
    async (context) => {
      await context.add();
      await context.resolves("the wait ends", work(context.engine, [MAIN]));
    },
  ],
  [
    "work-wait-times-out",
    "the wait for work ends when its time is over",
    async (context) => {
      await context.resolves("the wait ends", work(context.engine, [MAIN], 100));
    },
  ],
  [
    "work-wait-called-off",
    "the wait for work ends when it is called off",
    async (context) => {
      const stop = new AbortController();
      const waiting = work(context.engine, [MAIN], HOUR, stop);
      stop.abort();
      await context.resolves("the wait ends", waiting);
      await context.resolves(
        "a wait that was called off before it began ends",
        work(context.engine, [MAIN], HOUR, stop),
      );
    },
  ],
  [
    "work-wait-ends-at-close",
    "the wait for work ends when the engine is closed",
    async (context) => {
      const engine = await context.open();
      const waiting = work(engine, [MAIN]);
      await engine.close();
      await context.resolves("the wait ends", waiting);
    },
  ],
  [
    "event-wakes",
    "an event wakes the watchers that wait for events",
    async (context) => {
      const other = await context.open();
      const { cursor } = await context.engine.watch({ queue: MAIN, cursor: null, max: 1 });
      const stop = new AbortController();
      const waits = [context.engine, other].map((engine) =>
        engine.awaitEvents({ queues: [{ queue: MAIN, cursor }], timeout: HOUR, signal: stop.signal }),
      );
      await context.add();
      await context.resolves("all of them wake up", Promise.all(waits));
    },
  ],
  [
    "events-are-there-already",
    "events that are there already are not waited for",
    async (context) => {
      const { cursor } = await context.engine.watch({ queue: MAIN, cursor: null, max: 1 });
      await context.add();
      const { signal } = new AbortController();
      await context.resolves(
        "the wait ends",
        context.engine.awaitEvents({ queues: [{ queue: MAIN, cursor }], timeout: HOUR, signal }),
      );
    },
  ],
  [
    "events-wait-ends",
    "the wait for events ends when its time is over and when it is called off",
    async (context) => {
      const { cursor } = await context.engine.watch({ queue: MAIN, cursor: null, max: 1 });
      const stop = new AbortController();
      const params = { queues: [{ queue: MAIN, cursor }], signal: stop.signal };
      await context.resolves("the time is over", context.engine.awaitEvents({ ...params, timeout: 100 }));
      const waiting = context.engine.awaitEvents({ ...params, timeout: HOUR });
      stop.abort();
      await context.resolves("it is called off", waiting);
    },
  ],
]);
