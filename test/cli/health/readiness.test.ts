// How often health checks ask, and how long they wait.
import { expect, test } from "vitest";
import { PATIENCE, sharedReadiness } from "../../../src/cli/health/readiness.js";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";

test("health checks that come while one waits share its answer; the next one asks anew", async () => {
  let asked = 0;
  let answer: ((ready: boolean) => void) | undefined;
  const check = sharedReadiness(() => {
    asked += 1;
    return new Promise((resolve) => (answer = resolve));
  }, new ManualClock());
  const checks = [check(), check(), check()];
  answer?.(true);
  expect(await Promise.all(checks)).toEqual([true, true, true]);
  expect(asked).toBe(1);
  const next = check();
  answer?.(false);
  expect(await next).toBe(false);
  expect(asked).toBe(2);
});

test("silence is a no, and so is an error", async () => {
  const clock = new ManualClock();
  const silent = sharedReadiness(() => new Promise(() => {}), clock)();
  clock.advance(PATIENCE);
  expect(await silent).toBe(false);
  expect(await sharedReadiness(() => Promise.reject(new Error("down")), clock)()).toBe(false);
});
