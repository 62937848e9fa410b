// The timeouts of runs on one timer: each is found again where it was put.
import { expect, it } from "vitest";
import { Timeouts } from "../../../src/worker/execution/timeouts.js";
import type { Run } from "../../../src/worker/run/run.js";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";

it.each([0.1, 9.7, 1_000 / 3, Number.NaN])(
  "a run with a timeout of %d is taken out, whatever it adds up to",
  (timeout) => {
    const deadlines = new Timeouts(new ManualClock(), () => {});
    const run = { startedAt: 1_796_013_149_839, deadline: 0, timeout: 0, previous: null, next: null } as unknown as Run;
    deadlines.add(run, timeout);
    deadlines.remove(run);
    expect(deadlines.latest()).toBeNull();
    deadlines.close();
  },
);
