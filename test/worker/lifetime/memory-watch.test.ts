// When a worker looks at its memory, and what it reports.
import { beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";
import { MemoryWatch } from "../../../src/worker/lifetime/memory-watch.js";

let clock: ManualClock;
let memory = 0;
let looks = 0;
let told = 0;
let watch: MemoryWatch;

beforeEach(() => {
  clock = new ManualClock();
  memory = 100;
  looks = 0;
  told = 0;
  const residentSet = (): number => {
    looks += 1;
    return memory;
  };
  watch = new MemoryWatch({ limit: 100, clock, residentSet, over: () => (told += 1) });
  watch.start();
});

describe("the watch over memory", () => {
  it("reports too much memory within five seconds, at rest as well, and only once", () => {
    clock.advance(60_000);
    expect(told).toBe(0);

    memory = 101;
    clock.advance(5_000);
    expect(told).toBe(1);
    clock.advance(60_000);
    watch.ran();
    expect(told).toBe(1);
  });

  it("reports too much memory when a run has ended", () => {
    memory = 101;
    watch.ran();
    expect(told).toBe(1);
  });

  it("looks ten times a second at most, however many runs end", () => {
    for (let ms = 0; ms < 1_000; ms += 1) {
      watch.ran();
      watch.ran();
      clock.advance(1);
    }
    expect(looks).toBe(10);
  });

  it("is silent once it is closed", () => {
    memory = 101;
    watch.close();
    clock.advance(60_000);
    watch.ran();
    expect({ told, looks }).toEqual({ told: 0, looks: 0 });
  });
});
