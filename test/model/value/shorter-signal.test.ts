import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { shorterThan } from "../../../src/model/value/shorter-signal.js";

it("a signal aborts with the longer one, at once if that has aborted already", () => {
  const longer = new AbortController();
  const before = shorterThan(longer.signal);
  longer.abort();
  expect([before.signal.aborted, shorterThan(longer.signal).signal.aborted]).toEqual([true, true]);
});

it("a signal that has ended has aborted, and has left nothing at the longer one", () => {
  const { signal: longer } = new AbortController();
  const made = [1, 2, 3].map(() => shorterThan(longer));
  expect(getEventListeners(longer, "abort")).toHaveLength(3);
  for (const { end } of made) end();
  expect(made.map(({ signal }) => signal.aborted)).toEqual([true, true, true]);
  expect(getEventListeners(longer, "abort")).toEqual([]);
  expect(longer.aborted).toBe(false);
});
