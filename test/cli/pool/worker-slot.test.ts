import { expect, test } from "vitest";
import { RestartBackoff } from "../../../src/cli/pool/worker-slot.js";

test("each death doubles the wait, up to 30 s", () => {
  const backoff = new RestartBackoff();
  const waits = Array.from({ length: 8 }, () => backoff.died(100));
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

test("after a life of a minute, or a good end, it begins anew", () => {
  const backoff = new RestartBackoff();
  for (let deaths = 0; deaths < 3; deaths += 1) backoff.died(59_999);
  expect(backoff.died(60_000)).toBe(1_000);
  expect(backoff.died(0)).toBe(2_000);
  backoff.ended();
  expect(backoff.died(0)).toBe(1_000);
});
