/** The job of a run, as handlers, hooks and listeners see it. */

/** The job a handler runs for, as it was when it was leased. Times are epoch milliseconds. */
export interface RunningJob {
  readonly id: string;
  readonly queue: string;
  readonly task: string;
  /** The number of this run: 1 for the first. */
  readonly attempt: number;
  /** The most runs there may be. */
  readonly attempts: number;
  /** How often a worker died under it. */
  readonly crashes: number;
  readonly tags: readonly string[];
  readonly priority: number;
  readonly createdAt: number;
  /** When it became ready. */
  readonly runAt: number;
  readonly startedAt: number;
}
