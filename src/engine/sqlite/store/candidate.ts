/** Jobs that may be leased: what is read of them, and what a claim asks for. */
import { columns, type RowOf, type Stored } from "../database/columns.js";
import type { Job } from "./job.js";
import { PAYLOAD_EXPRESSIONS, PAYLOAD_NAMES, type Payload } from "./payload.js";

/** What a claim asks for in one queue. */
export interface Wish {
  readonly session: string;
  readonly lane: number;
  readonly call: number;
  readonly max: number;
  /** May one job be a suspect? */
  readonly suspect: boolean;
  /** The tasks whose jobs it takes from those set aside. */
  readonly tasks: readonly string[];
}

/** The columns of a lease: a payload and what follows it. */
const NAMES = [
  ...PAYLOAD_NAMES,
  ...(["job", "id", "position", "priority", "attempts", "createdAt", "runAt", "expireAt", "counted", "epoch"] as const),
  ...(["crashes", "tags", "supersedes", "checkpointed", "stateCode", "declinedAt"] as const),
] as const;

type Rest = Exclude<(typeof NAMES)[number], (typeof PAYLOAD_NAMES)[number]>;

export type LeaseRow = RowOf<typeof NAMES, Payload & Stored<Pick<Job, Rest>>>;

const LEASED = columns(NAMES, "j.", PAYLOAD_EXPRESSIONS);

/** What selects a `LeaseRow` from the table `j`. */
export const LEASE_COLUMNS = LEASED.text;

/** The positions in a `LeaseRow`. */
export const AT = LEASED.at;

/** The position of what is selected behind a `LeaseRow`. */
export const LEASE_WIDTH = LEASED.width;

/** A job that may be leased. */
export interface Candidate {
  readonly row: LeaseRow;
  readonly job: number;
  readonly id: string;
  readonly position: number;
  readonly expireAt: number | null;
  readonly tags: string | null;
  readonly stateCode: number;
}

/** A row as a candidate. */
export function candidate(row: LeaseRow): Candidate {
  return {
    row,
    job: row[AT.job],
    id: row[AT.id],
    position: row[AT.position],
    expireAt: row[AT.expireAt],
    tags: row[AT.tags],
    stateCode: row[AT.stateCode],
  };
}
