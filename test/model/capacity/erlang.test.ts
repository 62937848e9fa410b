// The formula of Erlang against figures that were published, exact values, and a queue that is played through.
import { describe, expect, test } from "vitest";
import { erlangC, meanWait, serversFor, waitOfShare } from "../../../src/model/capacity/erlang.js";
import { seededRandom } from "./seeded-random.js";

describe("the probability to wait", () => {
  test.each([
    // One server: the load itself. Two: load² / (2 + load).
    [0.3, 1, 0.3],
    [1, 2, 1 / 3],
    // G. Koole, Call Center Optimization: 1 call a minute of 5 minutes each, 8 agents.
    [5, 8, 0.1673],
    // mitan.co.uk/erlang: 360 calls in half an hour, 4 minutes each, 55 agents.
    [48, 55, 0.239],
    // Of textbooks.
    [2, 3, 0.4444],
    [4, 5, 0.5541],
    [8, 10, 0.4092],
    [10, 12, 0.4494],
  ])("with a load of %d on %d servers is %d", (load, servers, expected) => {
    expect(erlangC(load, servers)).toBeCloseTo(expected, 3);
  });

  test("is 1 where there are too few servers, and 0 without load", () => {
    expect([erlangC(3, 3), erlangC(3, 2), erlangC(0, 1)]).toEqual([1, 1, 0]);
  });

  test("is a number for thousands of servers, too", () => {
    expect(erlangC(4_950, 5_000)).toBeGreaterThan(0);
    expect(erlangC(4_950, 5_000)).toBeLessThan(1);
  });
});

describe("the wait", () => {
  const agents = { arrivals: 0.2, service: 240, servers: 55, spread: 1 };

  test("is what was published for those 55 agents: 8.2 s on the average, 84.6 % within 15 s", () => {
    expect(meanWait(agents)).toBeCloseTo(8.2, 1);
    expect(waitOfShare(agents, 0.8457)).toBeCloseTo(15, 1);
  });

  test("is nothing for those that find a server free", () => {
    expect(waitOfShare(agents, 0.7)).toBe(0);
  });

  test("is half of it where all jobs take equally long, on one server (Pollaczek and Khinchine)", () => {
    const one = { arrivals: 0.8, service: 1, servers: 1 };
    expect(meanWait({ ...one, spread: 1 })).toBeCloseTo(4, 9);
    expect(meanWait({ ...one, spread: 0.5 })).toBeCloseTo(2, 9);
  });

  test("is that of a queue which is played through", () => {
    const random = seededRandom(7);
    const draw = (mean: number): number => -Math.log(1 - random()) * mean;
    const free = [0, 0, 0];
    let [at, waited] = [0, 0];
    const jobs = 400_000;
    for (let job = 0; job < jobs; job += 1) {
      at += draw(1 / 2.4);
      const first = free.indexOf(Math.min(...free));
      const begins = Math.max(at, free[first] ?? 0);
      free[first] = begins + draw(1);
      waited += begins - at;
    }
    const predicted = meanWait({ arrivals: 2.4, service: 1, servers: 3, spread: 1 });
    expect(Math.abs(waited / jobs / predicted - 1)).toBeLessThan(0.05);
  });

  test("is without end where there are too few", () => {
    expect(meanWait({ ...agents, servers: 48 })).toBe(Number.POSITIVE_INFINITY);
    expect(waitOfShare({ ...agents, servers: 48 }, 0.5)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("how many servers", () => {
  const agents = { arrivals: 0.2, service: 240, spread: 1 };

  test("are needed is the fewest that do", () => {
    for (const target of [0, 1, 15, 60, 600]) {
      const servers = serversFor(agents, { target, share: 0.8, most: 1_000 }) ?? 0;
      expect(waitOfShare({ ...agents, servers }, 0.8)).toBeLessThanOrEqual(target);
      expect(waitOfShare({ ...agents, servers: servers - 1 }, 0.8)).toBeGreaterThan(target);
    }
    expect(serversFor(agents, { target: 15, share: 0.8, most: 1_000 })).toBe(55);
  });

  test("are more than are allowed", () => {
    expect(serversFor(agents, { target: 15, share: 0.8, most: 54 })).toBeNull();
    expect(serversFor(agents, { target: 15, share: 0.8, most: 20 })).toBeNull();
  });
});
