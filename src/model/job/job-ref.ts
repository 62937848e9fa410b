/** The address of a job: an id is unique within its queue. */
export interface JobRef {
  readonly queue: string;
  readonly id: string;
}

/** The address alone, of something that has more to it. */
export function bareRef({ queue, id }: JobRef): JobRef {
  return { queue, id };
}

/** A text that no other job's address has: queue names and ids contain no NUL. Sorts by queue, then id. */
export function keyOf({ queue, id }: JobRef): string {
  return `${queue}\0${id}`;
}
