/**
 * What a handler is given. Every part can be taken out of it (`({ input, progress }) => …`), and costs something only
 * when it is used. What a run says after it has ended is ignored.
 */
import type { Outcome } from "../engine/contract.js";
import type { Clock } from "../model/clock.js";
import { decodePayload, type Json } from "../model/codec.js";
import { InvalidInput, show } from "../model/errors.js";
import { LONGEST_LOG_LINE, type LogLine } from "../model/log.js";
import { parseMeta } from "../model/options.js";
import { NO_PROGRESS } from "../model/progress.js";
import type { RunHost } from "./run-host.js";
import type { RunningJob } from "./running-job.js";

/** Writes to the job's own log: at most 1,000 lines are kept, the newest, and a line is cut at 2,000 characters. */
export interface JobLogger {
  /** Writes a line of level `info`. */
  (message: string): void;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** The job's meta: a small object (at most 16 KiB of JSON) that can be read from outside while the job runs. */
export interface JobMeta {
  /** The whole object; empty when none was set. */
  get(): { readonly [key: string]: unknown };
  /** Replaces it. @throws InvalidInput, PayloadTooLarge */
  set(meta: { readonly [key: string]: Json }): void;
  /** Replaces some of its keys. @throws InvalidInput, PayloadTooLarge */
  merge(meta: { readonly [key: string]: Json }): void;
}

/** What a handler is given. */
export interface JobContext<Input> {
  /** The job's input, as the task's schema made it. */
  readonly input: Input;
  readonly job: RunningJob;
  /**
   * Aborts when the run should end; `signal.reason` says why: `TimedOut`, `Cancelled`, `LeaseLost`, `ShuttingDown`.
   * Hand it to everything that waits (`fetch`, `setTimeout` of `node:timers/promises`). A handler that ignores it goes
   * on, but what it returns is dropped.
   */
  readonly signal: AbortSignal;
  /**
   * Says how far the run is: 0 to 100, with an optional message. Sent within 100 ms; the last one wins. @throws
   * InvalidInput
   */
  readonly progress: (percent: number, message?: string) => void;
  readonly log: JobLogger;
  readonly meta: JobMeta;
}

export class RunContext implements JobContext<unknown> {
  readonly input: unknown;
  readonly #host: RunHost;
  readonly #clock: Clock;
  #progress: JobContext<unknown>["progress"] | null = null;
  #log: JobLogger | null = null;
  #meta: JobMeta | null = null;

  constructor(host: RunHost, input: unknown, clock: Clock) {
    this.#host = host;
    this.input = input;
    this.#clock = clock;
  }

  get job(): RunningJob {
    return this.#host.job;
  }

  get signal(): AbortSignal {
    return this.#host.signal;
  }

  get progress(): JobContext<unknown>["progress"] {
    this.#progress ??= (percent, message) => {
      if (typeof percent !== "number" || !(percent >= 0 && percent <= 100)) {
        throw new InvalidInput("progress", percent, "a number from 0 to 100");
      }
      const shown = message === undefined ? null : message.slice(0, LONGEST_LOG_LINE);
      this.#host.say({ progress: { ...NO_PROGRESS, percent, message: shown } });
    };
    return this.#progress;
  }

  get log(): JobLogger {
    this.#log ??= this.#makeLog();
    return this.#log;
  }

  get meta(): JobMeta {
    this.#meta ??= this.#makeMeta();
    return this.#meta;
  }

  #makeLog(): JobLogger {
    const at =
      (level: LogLine["level"]) =>
      (message: string): void => {
        const text = typeof message === "string" ? message : show(message);
        const line = { at: this.#clock.now(), level, message: text.slice(0, LONGEST_LOG_LINE) };
        this.#host.say({ line });
      };
    const info = at("info");
    return Object.assign((message: string) => info(message), {
      debug: at("debug"),
      info,
      warn: at("warn"),
      error: at("error"),
    });
  }

  #makeMeta(): JobMeta {
    const stored = this.#host.lease.meta;
    let meta: { readonly [key: string]: unknown } =
      stored === null ? {} : { ...(decodePayload(stored) as { [key: string]: unknown }) };
    const set = (next: { readonly [key: string]: unknown }): void => {
      const text = parseMeta("meta", next);
      meta = decodePayload(text) as { [key: string]: unknown };
      this.#host.say({ meta: text });
    };
    return { get: () => meta, set, merge: (change) => set({ ...meta, ...change }) };
  }

  /** What a handler that returned comes to. */
  outcome(result: string | null): Outcome {
    return { kind: "complete", result };
  }
}
