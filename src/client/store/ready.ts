/**
 * Is this process ready to do its part? Its engine answers and can be written to, and the claim loop of each of its workers goes on.
 * However often that is asked while the engine does not answer, one question to it is under way.
 */
import type { Engine } from "../../engine/contract/engine.js";
import { checkOptions } from "../../model/value/call-options.js";
import { pause, type Clock } from "../../model/value/clock.js";
import { formatDuration, parsePositiveDuration, type Duration } from "../../model/value/duration.js";

/** One thing that was looked at. */
export interface ReadyCheck {
  /** `engine`, or `worker NAME`. */
  readonly name: string;
  readonly ok: boolean;
  /** What was found, in words; of an engine it may name its address, without secrets. */
  readonly detail: string;
}

/** The answer to `Longshore.ready`. */
export interface Readiness {
  /** Are all of them well? */
  readonly ready: boolean;
  readonly checks: readonly ReadyCheck[];
}

export interface ReadyOptions {
  /** How long the engine may take. Default: 2 s. */
  timeout?: Duration;
}

/** What is asked of a worker. */
export interface CheckedWorker {
  readonly name: string;
  readonly state: "starting" | "running" | "stopping" | "stopped";
  readonly stalledFor: number;
  readonly beat: number;
}

const DEFAULT_TIMEOUT = 2_000;
/** So many beats a claim loop may stand still. */
const MOST_BEATS = 2;

/** Checks options. Returns the time limit in milliseconds. @throws InvalidInput */
export function parseReadyOptions(options: ReadyOptions): number {
  checkOptions(options, ["timeout"]);
  return options.timeout === undefined ? DEFAULT_TIMEOUT : parsePositiveDuration("timeout", options.timeout);
}

export class ReadyChecks {
  readonly #engine: Engine;
  readonly #clock: Clock;
  #probe: Promise<string | null> | null = null;

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Looks at everything. Never rejects. */
  async run(workers: readonly CheckedWorker[], timeout: number): Promise<Readiness> {
    const checks = [await this.#checkEngine(timeout), ...workers.map(checkWorker)];
    return { ready: checks.every(({ ok }) => ok), checks };
  }

  async #checkEngine(timeout: number): Promise<ReadyCheck> {
    const late = new AbortController();
    const from = this.#clock.monotonic();
    this.#probe ??= this.#ask().finally(() => {
      this.#probe = null;
    });
    const refusal = await Promise.race([
      this.#probe,
      pause(this.#clock, timeout, late.signal).then(() => `did not answer within ${formatDuration(timeout)}`),
    ]);
    late.abort();
    if (refusal !== null) return { name: "engine", ok: false, detail: refusal };
    const took = Math.round(this.#clock.monotonic() - from);
    return { name: "engine", ok: true, detail: `can be written to; answered in ${took} ms` };
  }

  /** Why it cannot be written to; `null`: it can. */
  async #ask(): Promise<string | null> {
    try {
      await this.#engine.probe();
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

function checkWorker({ name, state, stalledFor, beat }: CheckedWorker): ReadyCheck {
  const check = (ok: boolean, detail: string): ReadyCheck => ({ name: `worker ${name}`, ok, detail });
  if (state !== "running") return check(false, `is ${state}`);
  if (stalledFor <= MOST_BEATS * beat) return check(true, "its claim loop goes on");
  return check(false, `its claim loop has not gone on for ${formatDuration(Math.round(stalledFor))}`);
}
