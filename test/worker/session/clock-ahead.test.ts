// A worker says how far its clock is from the engine's: learned when its session began, and with each lease since.
import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { attach, task } from "longshore";
import { MemoryEngine } from "../../../src/engine/memory/engine.js";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";
import type { Clock } from "../../../src/model/value/clock.js";

const quick = task("quick", () => "done");
/** Longer than a worker at rest waits between two beats. */
const NEXT_BEAT = 1_000_000;

it("follows when a clock is set", async () => {
  const time = new ManualClock();
  let offset = -90_000;
  const own: Clock = {
    now: () => time.now() + offset,
    monotonic: () => time.monotonic(),
    after: (ms, run) => time.after(ms, run),
  };
  const longshore = attach(new MemoryEngine({ clock: time }), { clock: own });
  await longshore.worker([quick], { name: "one" }).ready();
  const said = async (): Promise<number | null | undefined> => {
    time.advance(NEXT_BEAT);
    for (let n = 0; n < 20; n += 1) await turn();
    return (await longshore.workers())[0]?.status?.clockAhead;
  };
  expect(await said()).toBe(-90_000);
  offset = 45_000;
  expect(await said()).toBe(45_000);
  const job = await longshore.enqueue(quick, undefined);
  await job.result();
  expect(await said()).toBe(45_000);
  await longshore.close();
});
