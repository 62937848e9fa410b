// Telling dead sessions from late ones: how long an overdue session is watched, and what makes the watch begin anew.
import { describe, expect, it } from "vitest";
import type { OverdueSession } from "../../../src/engine/contract/engine.js";
import { lifeOf, OverdueWatch } from "../../../src/worker/session/overdue-watch.js";

const session = (change: Partial<OverdueSession> = {}): OverdueSession => ({
  session: "a/1",
  queue: "q",
  deadline: 5_000,
  ttl: 27_000,
  overdue: 10,
  ...change,
});

/** When the watch, which saw it at 0, takes it for dead; looked at every 50 ms. */
function deathOf(watch: OverdueWatch, seen: OverdueSession): number {
  for (let now = 0; now < 60_000; now += 50) {
    watch.see([seen], now);
    if (watch.dead(now).length > 0) return now;
  }
  return Number.POSITIVE_INFINITY;
}

describe("a session that is overdue", () => {
  it.each([500, 1_000, 2_000, 12_000, 30_000, 600_000])("is dead when a lease of %d ms is over", (lease) => {
    const ttl = lifeOf(lease);
    const death = ttl + deathOf(new OverdueWatch(), session({ ttl }));
    expect(death).toBeGreaterThanOrEqual(lease - 1);
    expect(death).toBeLessThanOrEqual(lease + 50);
  });

  it("is not dead at first sight, however long it is overdue", () => {
    const watch = new OverdueWatch();
    watch.see([session({ overdue: 3_600_000 })], 0);
    expect(watch.dead(0)).toEqual([]);
  });

  it("is given time to come back when it was found late, however short its lease", () => {
    expect(deathOf(new OverdueWatch(), session({ ttl: 750, overdue: 1_500 }))).toBe(3_000);
  });

  it("is watched anew when it has given a sign of life, and from its next time on", () => {
    const watch = new OverdueWatch();
    watch.see([session()], 0);
    watch.see([session({ deadline: 6_000 })], 2_000);
    expect(watch.dead(3_100)).toEqual([]);
    expect(watch.dead(5_000).map(({ deadline }) => deadline)).toEqual([6_000]);
  });

  it("is forgotten when it is overdue no more", () => {
    const watch = new OverdueWatch();
    watch.see([session()], 0);
    watch.see([], 1_000);
    expect([watch.watching, watch.nextDeath, watch.dead(60_000)]).toEqual([false, null, []]);
  });

  it("is watched anew, until its next heartbeat is due, when something stood still", () => {
    const watch = new OverdueWatch();
    watch.see([session()], 0);
    watch.stoodStill(2_900);
    expect(watch.dead(3_000)).toEqual([]);
    expect(watch.nextDeath).toBe(2_900 + 13_500);
    expect(watch.dead(2_900 + 13_500)).toHaveLength(1);
  });
});
