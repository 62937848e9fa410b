/** Waiting for work and for events: woken by what happens, at the latest when the time is over. */
import assert from "node:assert/strict";
import type { JobSpec } from "../../../../model/job/job.js";
import type { Engine } from "../../../contract/engine.js";
import { MAIN, type Kit } from "../../kit/kit.js";
import { scenarios } from "../../kit/scenario.js";

const HOUR = 3_600_000;

function work(
  engine: Engine,
  queues: readonly string[],
  timeout = HOUR,
  stop = new AbortController(),
): Promise<boolean> {
  return engine.awaitWork({ queues, timeout, signal: stop.signal });
}

/** Something wakes those who wait for work in the queue `main`, on this connection and on others. */
async function wakes(kit: Kit, happen: () => Promise<unknown>): Promise<void> {
  const other = await kit.open();
  const waits = [work(kit.engine, ["other", MAIN]), work(other, [MAIN])];
  await happen();
  // A wake-up may be handed on by whoever was woken first; looking for work is how that is done.
  const [first, second] = waits;
  assert.ok(first && second);
  await kit.resolves("somebody wakes up", Promise.race([first, second]));
  await kit.engine.pause({ queue: MAIN });
  await kit.engine.resume({ queue: MAIN });
  await kit.resolves("everybody wakes up", Promise.all([first, second]));
}

export const wait = scenarios("wait", [
  ["enqueue-wakes", "a job that is enqueued wakes those who wait for work", (kit) => wakes(kit, () => kit.add())],
  [
    "delayed-due-in-time-wakes",
    "a delayed job that is due before their time is over wakes those who wait for work",
    (kit) => wakes(kit, () => kit.add({ due: { in: 1_000 } })),
  ],
  [
    "replacement-brought-forward-wakes",
    "a delayed job whose time is brought forward by one that replaces it wakes those who wait for work",
    async (kit) => {
      const unique = {
        key: "k",
        until: "started",
        onConflict: "replace",
        debounce: { wait: 1_000, most: null },
      } as const;
      const job = (ms: number): JobSpec => kit.spec({ unique, due: { in: ms } });
      await kit.engine.enqueue({ jobs: [job(24 * HOUR)] });
      await wakes(kit, async () => kit.engine.enqueue({ jobs: [job(1_000)] }));
    },
  ],
  [
    "last-superseding-delayed-wakes",
    "the last of several delayed jobs that supersede each other in one command wakes those who wait for work",
    (kit) =>
      wakes(kit, async () => {
        const job = (): JobSpec => kit.spec({ supersedes: "s", due: { in: 1_000 } });
        return kit.engine.enqueue({ jobs: [job(), job()] });
      }),
  ],
  [
    "promote-wakes",
    "a job that is promoted wakes those who wait for work",
    async (kit) => {
      const id = await kit.add({ due: { in: 24 * HOUR } });
      await wakes(kit, () => kit.control("promote", id));
    },
  ],
  [
    "resume-wakes",
    "a queue that is resumed wakes those who wait for work",
    async (kit) => {
      await kit.add();
      await kit.engine.pause({ queue: MAIN });
      await wakes(kit, async () => kit.engine.resume({ queue: MAIN }));
    },
  ],
  [
    "work-is-there-already",
    "work that is there already is not waited for",
    async (kit) => {
      await kit.add();
      await kit.resolves("the wait ends", work(kit.engine, [MAIN]));
    },
  ],
  [
    "work-wait-times-out",
    "the wait for work ends when its time is over",
    async (kit) => {
      await kit.resolves("the wait ends", work(kit.engine, [MAIN], 100));
    },
  ],
  [
    "work-wait-called-off",
    "the wait for work ends when it is called off",
    async (kit) => {
      const stop = new AbortController();
      const waiting = work(kit.engine, [MAIN], HOUR, stop);
      stop.abort();
      await kit.resolves("the wait ends", waiting);
      await kit.resolves("a wait that was called off before it began ends", work(kit.engine, [MAIN], HOUR, stop));
    },
  ],
  [
    "work-wait-ends-at-close",
    "the wait for work ends when the engine is closed",
    async (kit) => {
      const engine = await kit.open();
      const waiting = work(engine, [MAIN]);
      await engine.close();
      await kit.resolves("the wait ends", waiting);
    },
  ],
  [
    "event-wakes",
    "an event wakes those who wait for events",
    async (kit) => {
      const other = await kit.open();
      const { cursor } = await kit.engine.watch({ queue: MAIN, cursor: null, max: 1 });
      const stop = new AbortController();
      const waits = [kit.engine, other].map((engine) =>
        engine.awaitEvents({ queue: MAIN, cursor, timeout: HOUR, signal: stop.signal }),
      );
      await kit.add();
      await kit.resolves("everybody wakes up", Promise.all(waits));
    },
  ],
  [
    "events-are-there-already",
    "events that are there already are not waited for",
    async (kit) => {
      const { cursor } = await kit.engine.watch({ queue: MAIN, cursor: null, max: 1 });
      await kit.add();
      const { signal } = new AbortController();
      await kit.resolves("the wait ends", kit.engine.awaitEvents({ queue: MAIN, cursor, timeout: HOUR, signal }));
    },
  ],
  [
    "events-wait-ends",
    "the wait for events ends when its time is over and when it is called off",
    async (kit) => {
      const { cursor } = await kit.engine.watch({ queue: MAIN, cursor: null, max: 1 });
      const stop = new AbortController();
      const params = { queue: MAIN, cursor, signal: stop.signal };
      await kit.resolves("the time is over", kit.engine.awaitEvents({ ...params, timeout: 100 }));
      const waiting = kit.engine.awaitEvents({ ...params, timeout: HOUR });
      stop.abort();
      await kit.resolves("it is called off", waiting);
    },
  ],
]);
