// How often probes ask, and how long they wait.
import { expect, test } from "vitest";
import { PATIENCE, probeOf } from "../../../src/cli/health/probe.js";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";

test("probes that come while one waits share its answer; the next one asks anew", async () => {
  let asked = 0;
  let answer: ((ready: boolean) => void) | undefined;
  const probe = probeOf(() => {
    asked += 1;
    return new Promise((resolve) => (answer = resolve));
  }, new ManualClock());
  const probes = [probe(), probe(), probe()];
  answer?.(true);
  expect(await Promise.all(probes)).toEqual([true, true, true]);
  expect(asked).toBe(1);
  const next = probe();
  answer?.(false);
  expect(await next).toBe(false);
  expect(asked).toBe(2);
});

test("silence is a no, and so is an error", async () => {
  const clock = new ManualClock();
  const silent = probeOf(() => new Promise(() => {}), clock)();
  clock.advance(PATIENCE);
  expect(await silent).toBe(false);
  expect(await probeOf(() => Promise.reject(new Error("down")), clock)()).toBe(false);
});
