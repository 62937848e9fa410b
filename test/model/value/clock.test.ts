import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../src/engine/testkit/index.js";
import { pause, systemClock } from "../../../src/model/value/clock.js";

describe("a clock moved by hand", () => {
  test("calls what falls due in order, each at its own time", () => {
    const clock = new ManualClock(1_000);
    const calls: unknown[] = [];
    clock.after(30, () => calls.push(["late", clock.now()]));
    clock.after(10, () => {
      calls.push(["early", clock.now()]);
      clock.after(10, () => calls.push(["next", clock.now()]));
    });
    clock.after(10, () => calls.push(["second", clock.now()]));
    clock.advance(29);
    expect(calls).toEqual([
      ["early", 1_010],
      ["second", 1_010],
      ["next", 1_020],
    ]);
    clock.advance(1);
    expect(calls.at(-1)).toEqual(["late", 1_030]);
    expect(clock.now()).toBe(1_030);
  });

  test("does not call what was called off", () => {
    const clock = new ManualClock();
    let called = false;
    clock.after(5, () => (called = true))();
    clock.advance(10);
    expect(called).toBe(false);
  });
});

describe("a pause", () => {
  test("ends after its time", async () => {
    const clock = new ManualClock();
    const waiting = pause(clock, 1_000);
    clock.advance(1_000);
    await expect(waiting).resolves.toBeUndefined();
  });

  test("ends early, without an error, when it is called off", async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const waiting = pause(clock, 1_000, stop.signal);
    stop.abort();
    await expect(waiting).resolves.toBeUndefined();
    await expect(pause(clock, 1_000, stop.signal)).resolves.toBeUndefined();
  });
});

describe("the machine's clock", () => {
  test("calls back, and not when it was called off", async () => {
    let called = false;
    systemClock.after(1, () => (called = true))();
    await new Promise<void>((resolve) => {
      systemClock.after(5, resolve);
    });
    expect(called).toBe(false);
  });

  test("does not fire at once for waits longer than a timer can hold", async () => {
    let called = false;
    const cancel = systemClock.after(2 ** 31 + 5_000, () => (called = true));
    await new Promise<void>((resolve) => {
      systemClock.after(20, resolve);
    });
    cancel();
    expect(called).toBe(false);
  });
});
