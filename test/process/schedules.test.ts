// Five workers that are killed at random over more than 10,000 ticks: every tick has one job, none has two. Most ticks are
// long past and come in waves of a thousand, ten for each of a hundred schedules, so that all workers want the same ones at
// the same time; some come as time goes by.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import type { Longshore, Target } from "longshore";
import type { Engine } from "../../src/engine/contract/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { parseTarget } from "../../src/engine/target.js";
import { parseSchedule } from "../../src/model/schedule/schedule.js";
import { dueTimes, tickId } from "../../src/model/schedule/ticks.js";
import { PATIENCE } from "../support/patience.js";
import { onBothEngines } from "./storage-fixture.js";
import { WorkerPool } from "./worker-pool.js";

const WORKERS = 5;
const WAVES = 10;
const SCHEDULES = 100;
const TICKS = 10;
const LIVE = 5;
const MINUTE = 60_000;

async function engineAt(target: Target): Promise<Engine> {
  const engine = await openEngine(parseTarget(target));
  onTestFinished(() => engine.close());
  return engine;
}

/** Puts schedules each of which has missed ten ticks; answers the ids that their jobs must have. */
async function putWave(engine: Engine, wave: number): Promise<string[]> {
  const end = Math.floor(Date.now() / MINUTE) * MINUTE;
  const lastDue = end - TICKS * MINUTE;
  const expected: string[] = [];
  const puts = Array.from({ length: SCHEDULES }, (_, index) => {
    const schedule = parseSchedule("schedule", {
      name: `past-${wave}-${index}`,
      task: "work",
      input: { ms: 0 },
      every: MINUTE,
      end,
      catchUp: "all",
      options: { queue: "past" },
    });
    expected.push(...dueTimes(schedule, lastDue, 1_000).map((due) => tickId(schedule.name, due)));
    const nextDue = Date.now() + 100;
    return Promise.resolve(
      engine.putSchedule({ queue: "past", schedule, status: "active", lastDue, nextDue, op: `${wave}-${index}` }),
    );
  });
  await Promise.all(puts);
  return expected;
}

async function idsOf(longshore: Longshore, queue: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of longshore.jobs({ queue })) ids.push(id);
  return ids.toSorted();
}

/** Waits until a queue has so many jobs, or has had time enough for it. */
async function fills(longshore: Longshore, queue: string, jobs: number): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  const has = async (): Promise<number> => {
    const counts = await longshore.queue(queue).counts();
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  };
  while ((await has()) < jobs && performance.now() < deadline) await sleep(50);
}

/** Kills one of those that have begun, after a moment. */
async function killOne({ workers }: WorkerPool): Promise<void> {
  await sleep(Math.random() * 200);
  for (;;) {
    const begun = workers.filter((worker) => worker.alive && worker.all("started").length > 0);
    const victim = begun[Math.floor(Math.random() * begun.length)];
    if (victim !== undefined) {
      await victim.kill();
      return;
    }
    await sleep(20);
  }
}

onBothEngines("10,000 ticks and workers that die", (open) => {
  it("make one job each", async () => {
    const storage = await open();
    const longshore = await storage.connect();
    const engine = await engineAt(storage.target);
    // The jobs of past ticks are only counted: that jobs run once is tested elsewhere. Those of the others run.
    await longshore.queue("past").pause();
    const executionLog = storage.executionLog();
    // Nothing is leased ahead: of jobs that wait in a worker, each death would count.
    const options = { lease: 1_000, concurrency: 2, prefetch: 0, queues: ["past", "live"] };
    const pool = new WorkerPool({ target: storage.target, options, executionLog: executionLog.path }, WORKERS);
    const since = Date.now();
    for (let n = 0; n < LIVE; n += 1) {
      await longshore.schedules.put({
        name: `live-${n}`,
        task: "work",
        input: { ms: 0 },
        every: "1s",
        catchUp: "all",
        options: { queue: "live", attempts: 100 },
      });
    }
    const begun = Date.now();
    const expected: string[] = [];
    for (let wave = 0; wave < WAVES; wave += 1) {
      expected.push(...(await putWave(engine, wave)));
      // A worker dies while the wave is being fired, sooner or later: how soon that is depends on the machine.
      await killOne(pool);
      await fills(longshore, "past", expected.length * 0.6);
    }
    await fills(longshore, "past", expected.length);
    for (let n = 0; n < LIVE; n += 1) await longshore.schedules.pause(`live-${n}`);

    expect(expected).toHaveLength(WAVES * SCHEDULES * TICKS);
    expect(await idsOf(longshore, "past")).toEqual(expected.toSorted());

    const waiting = async (): Promise<number> => {
      const { queued, active } = await longshore.queue("live").counts();
      return queued + active;
    };
    await expect.poll(waiting).toBe(0);
    expect((await longshore.queue("live").counts()).failed).toBe(0);
    const live = await idsOf(longshore, "live");
    for (const { name, lastDue } of await longshore.schedules.list({ queue: "live" })) {
      const first = Math.ceil(begun / 1_000) * 1_000;
      const due = Array.from({ length: Math.max(0, (lastDue - first) / 1_000 + 1) }, (_, n) => first + n * 1_000);
      expect(due.length).toBeGreaterThan(2);
      const ids = live.filter((id) => id.startsWith(`tick:${name}:`));
      // The first of some may have come while the others were put.
      const early = ids.length - due.length;
      expect(early).toBeLessThanOrEqual(1 + Math.floor((begun - since) / 1_000));
      const times = Array.from({ length: ids.length }, (_, n) => first + (n - early) * 1_000);
      expect(ids).toEqual(times.map((time) => tickId(name, time)));
    }
    expect([...executionLog.read().done.keys()].toSorted()).toEqual(live);
    expect(pool.deaths).toBeGreaterThanOrEqual(WAVES);
  });
});
