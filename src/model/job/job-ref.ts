/** The address of a job: an id is unique within its queue. */
export interface JobRef {
  readonly queue: string;
  readonly id: string;
}
