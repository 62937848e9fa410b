/** A queue that was obliterated and whose rows are being removed. */
export interface Obliterated {
  readonly number: number;
  readonly name: string;
  /** Unfinished flows with ids up to this have cancelled their members in other queues; `null`: all have. */
  readonly flowsAfter: string | null;
}
