/** Waits for events of many queues at once. */

/** A queue, and the number of its last event that was seen. */
export interface QueueCursor {
  readonly queue: string;
  readonly cursor: number;
}

/** What a wait for events is given. */
export interface EventWait {
  readonly queues: readonly QueueCursor[];
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}
