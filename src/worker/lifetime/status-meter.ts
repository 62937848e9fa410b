/** Measures how a worker is: memory, CPU, event loop, busy slots. What it measures over time it measures from one status to the next. */
import { MOST_BUSY, type WorkerStatus } from "../../engine/contract/engine.js";
import type { Clock } from "../../model/value/clock.js";
import type { Run } from "../run/run.js";
import type { EngineClock } from "../session/engine-clock.js";
import type { Suspensions } from "./suspensions.js";

/** The shortest time of which a share of CPU is given, in milliseconds. */
const SHORTEST = 100;

/** What it asks. */
export interface StatusMeterOptions {
  readonly clock: Clock;
  /** The runs that have a slot, those that began first ahead. */
  readonly running: () => ReadonlySet<Run>;
  /** The longest delay of the event loop since this was asked last. Milliseconds. */
  readonly loopDelay: () => number;
  readonly suspensions: Suspensions;
  readonly time: EngineClock;
}

export class StatusMeter {
  readonly #options: StatusMeterOptions;
  /** The CPU time of the process (microseconds), and when it was read, on the real monotonic clock. */
  #before: { readonly cpu: number; readonly at: number } | null = null;

  constructor(options: StatusMeterOptions) {
    this.#options = options;
  }

  /** The status now. */
  take(): WorkerStatus {
    const { clock, running, loopDelay, suspensions, time } = this.#options;
    const { rss, heapUsed } = process.memoryUsage();
    const runs = running();
    const slots = [...runs].slice(0, MOST_BUSY).map(({ lease: { queue, id, body, leasedAt } }) => {
      return { queue, id, task: body?.task ?? "", since: leasedAt };
    });
    return {
      at: clock.now(),
      clockAhead: time.machineAhead,
      rss,
      heap: heapUsed,
      cpu: this.#cpu(),
      loopDelay: Math.round(loopDelay()),
      busy: runs.size,
      slots,
      suspended: suspensions.reasons,
    };
  }

  #cpu(): number | null {
    const { user, system } = process.cpuUsage();
    const before = this.#before;
    const now = { cpu: user + system, at: performance.now() };
    const elapsed = before === null ? 0 : now.at - before.at;
    // Of a moment the share would say nothing: the next status measures from the same point.
    if (before !== null && elapsed < SHORTEST) return null;
    this.#before = now;
    return before === null ? null : Math.round(((now.cpu - before.cpu) / 1_000 / elapsed) * 1_000) / 1_000;
  }
}
