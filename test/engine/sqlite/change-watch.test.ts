// When a connection looks for changes by others: counted in looks, on fake time, with the reports of the system in hand.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ChangeWatch, type WatchFile } from "../../../src/engine/sqlite/store/watching/change-watch.js";

let looks: number;
let found: boolean | null;
let report: (() => void) | null;
let changes: ChangeWatch;

/** A system that reports what the test says. */
const reporting: WatchFile = (_path, told) => {
  report = told;
  return () => {
    report = null;
  };
};

/** One that has no such thing. */
const silent: WatchFile = () => {
  throw new Error("no watches");
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  [looks, found, report] = [0, false, null];
});

afterEach(() => {
  changes.end();
  vi.useRealTimers();
});

function look(): boolean | null {
  looks += 1;
  return found;
}

function begin(watchFile: WatchFile): void {
  changes = new ChangeWatch({ path: "/jobs.db-wal", look, watchFile });
  changes.begin();
}

/** How many looks there are in so many milliseconds. */
function looksIn(ms: number): number {
  looks = 0;
  vi.advanceTimersByTime(ms);
  return looks;
}

it("looks often at first, then relies on the system, but looks now and then all the same", () => {
  begin(reporting);

  expect(looksIn(1_000)).toBeGreaterThanOrEqual(195);
  vi.advanceTimersByTime(20);
  expect([looksIn(10_000), report]).toEqual([40, expect.any(Function)]);
  report?.();
  vi.advanceTimersByTime(1_000);
  expect(looksIn(10_000)).toBe(10);
});

it("looks at once when something is reported, and again when it can surely be read", () => {
  begin(reporting);
  vi.advanceTimersByTime(1_100);

  looks = 0;
  report?.();
  report?.();
  expect(looks).toBe(1);
  expect(looksIn(1)).toBe(1);
});

it("looks often while reports come thick, then relies on them again", () => {
  begin(reporting);
  vi.advanceTimersByTime(1_100);
  for (let reports = 0; reports < 100; reports += 1) report?.();

  expect(report).toBe(null);
  expect(looksIn(900)).toBeGreaterThanOrEqual(175);
  vi.advanceTimersByTime(200);
  expect(report).not.toBe(null);
});

it("does not rely on a system that leaves out what changes", () => {
  begin(reporting);
  vi.advanceTimersByTime(1_100);
  found = true;
  vi.advanceTimersByTime(1_000);

  expect(report).toBe(null);
  expect(looksIn(1_000)).toBeGreaterThanOrEqual(195);
});

it("looks less and less often where nothing is reported, and often again once something has changed", () => {
  begin(silent);

  expect(looksIn(2_000)).toBeGreaterThanOrEqual(395);
  expect(looksIn(8_000)).toBeLessThanOrEqual(325);
  vi.advanceTimersByTime(100);
  expect(looksIn(10_000)).toBeLessThanOrEqual(101);
  found = true;
  vi.advanceTimersByTime(100);
  found = false;
  expect(looksIn(1_000)).toBeGreaterThanOrEqual(195);
});

it("looks again soon when nothing can be said", () => {
  begin(reporting);
  vi.advanceTimersByTime(1_100);
  found = null;
  report?.();

  expect(looksIn(100)).toBeGreaterThanOrEqual(19);
});

it("looks no more once it has ended", () => {
  begin(reporting);
  vi.advanceTimersByTime(1_100);
  report?.();
  changes.end();

  expect([looksIn(10_000), report, changes.isRunning]).toEqual([0, null, false]);
});
