/** What the bench asks of a system: take jobs, run them, say which were completed. Every system gets the same jobs. */

/** The input of every job: about 70 bytes of JSON. */
export interface Payload {
  readonly requirementId: string;
  readonly analysers: readonly string[];
}

/** One queue of one system, fresh for a round. */
export interface Round {
  /** Adds jobs 1,000 at a time, as the system's documentation says is fastest; answers their ids. */
  add(payloads: readonly Payload[]): Promise<string[]>;
  /** Runs no-op jobs until `total` are completed; answers the ids that were, and how to stop the worker. */
  run(concurrency: number, total: number): Promise<{ done: Set<string>; stop: () => Promise<unknown> }>;
  /** How many jobs the system itself counts as completed. */
  completed(): Promise<number>;
  /** Removes everything and closes all connections. */
  close(): Promise<void>;
}

/** A system that is measured. */
export interface System {
  readonly name: string;
  readonly version: string;
  /** The settings that matter for speed, in words. */
  readonly settings: string;
  /** Starts a round on a Redis server. */
  start(redisUrl: string, queue: string): Promise<Round>;
}

/** The payloads of a round. */
export function payloads(count: number): Payload[] {
  return Array.from({ length: count }, (_, index) => ({
    requirementId: `requirement-${String(index).padStart(8, "0")}`,
    analysers: ["R-A", "R-D", "R-F"],
  }));
}

/** What every no-op handler answers. */
export const RESULT = { issues: 0, ok: true };
