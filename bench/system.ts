/**
 * The interface of a measured system: it takes jobs, runs them and reports which were completed. It is one for all of them, so
 * that a scenario is written once and every system is measured by the same code.
 */
import type { Payload } from "./payload.js";

/** Where the jobs of a system are kept during a run. */
export interface Store {
  readonly kind: StoreKind;
  /** `redis://…`, `postgres://…`, `sqlite:<file>` or `memory:`. Private to the bench; fresh for every round. */
  readonly url: string;
  /** How durable an accepted job is here, in words: "none", "aof everysec", "normal", "full", "synchronous_commit on". */
  readonly durability: string;
}

export type StoreKind = "redis" | "postgres" | "sqlite" | "memory";

/** A system that is measured, or a ceiling. */
export interface System {
  readonly name: string;
  readonly store: StoreKind;
  /** The settings that matter for speed, in words; printed with every table. */
  readonly settings: string;
  /** Scenarios that this system has no way to run, with the reason. */
  readonly cannot: Readonly<Record<string, string>>;
  /** Its version, or why it cannot run on this machine. */
  probe(): Promise<Probe>;
  /** Opens one queue of it. */
  open(store: Store, queue: string): Promise<Line>;
}

export type Probe = { readonly version: string } | { readonly missing: string };

/** One queue of one system, as seen by one process. */
export interface Line {
  /** Adds one job; resolves with its id when it is accepted. */
  add(payload: Payload): Promise<string>;
  /** Adds many jobs in one call, as the system's documentation says is fastest; resolves with their ids. */
  addBulk(payloads: readonly Payload[]): Promise<string[]>;
  /** Starts a worker; resolves when it takes jobs. Several may be started on one line. */
  work(options: WorkOptions): Promise<RunningWorker>;
  /** How many jobs the system itself counts as completed; `null` when it keeps no completed jobs. */
  completed(): Promise<number | null>;
  /** How many jobs the system itself counts as waiting to run (delayed retries included). */
  waiting(): Promise<number>;
  /** Closes all connections; workers are stopped before. Stored jobs stay: the bench empties the store. */
  close(): Promise<void>;
}

export interface WorkOptions {
  readonly concurrency: number;
  readonly behaviour: Behaviour;
  /**
   * How long its jobs stay its own when it dies, in milliseconds; where a system looks for such jobs at intervals, also
   * that interval. Default: the system's.
   */
  readonly leaseMs?: number;
  /** A handler began: the id of its job. */
  readonly started?: (id: string) => void;
  /** A completion was stored: the id of its job. */
  readonly done?: (id: string) => void;
  /** It ended by itself, where it can: a worker that is a process of its own. */
  readonly failed?: (error: Error) => void;
}

/**
 * What the handler does: `noop` answers RESULT at once, `kilobyte` answers KILOBYTE_RESULT, `fail-once` throws on the
 * first attempt and answers RESULT on the second (retried without a delay), `hold` never ends until its worker stops.
 */
export type Behaviour = "noop" | "kilobyte" | "fail-once" | "hold";

export interface RunningWorker {
  /** Ends it in good order: nothing new is taken, everything done is stored. A holding job is given up. */
  stop(): Promise<void>;
}
