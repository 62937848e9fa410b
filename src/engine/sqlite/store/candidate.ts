/** Jobs that may be leased: what is read of them, and who asks for how many. */
import { PAYLOAD_COLUMNS, type PayloadRow } from "./payload.js";

/** Who asks, and for how much. */
export interface Wish {
  readonly session: string;
  readonly lane: number;
  readonly call: number;
  readonly max: number;
  /** May one of the jobs be a suspect? */
  readonly suspect: boolean;
  /** The tasks of which it takes what was set aside. */
  readonly tasks: readonly string[];
}

/** What a lease needs of a job: a payload and what follows it. */
export type LeaseRow = [
  ...PayloadRow,
  job: number,
  id: string,
  position: number,
  priority: number,
  attempts: number,
  createdAt: number,
  runAt: number,
  expireAt: number | null,
  counted: number,
  epoch: number,
  crashes: number,
  tags: string | null,
  supersedes: string | null,
  checkpointed: number,
  stateCode: number,
  declinedAt: number | null,
];

/** A job that may be leased. */
export interface Candidate {
  readonly row: LeaseRow;
  readonly job: number;
  readonly id: string;
  readonly position: number;
  readonly expireAt: number | null;
  readonly tags: string | null;
  /** Where it stands. */
  readonly stateCode: number;
}

/** The columns of a `LeaseRow`; `j` is the table of jobs. */
export const COLUMNS = `${PAYLOAD_COLUMNS}, j.job, j.id, j.position, j.priority, j.attempts, j.created_at, j.run_at,
  j.expire_at, j.counted, j.epoch, j.crashes, j.tags, j.supersedes, j.checkpointed,
  j.state_code, j.declined_at`;

/** A row as a candidate. */
export function candidate(row: LeaseRow): Candidate {
  return { row, job: row[6], id: row[7], position: row[8], expireAt: row[13], tags: row[17], stateCode: row[20] };
}
