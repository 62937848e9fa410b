/** Jobs that may be leased: what is read of them, and what a claim asks for. */
import { MAX_JOBS_PER_COMMAND, MOST_CLAIMED_BYTES } from "../../../contract/engine.js";
import { columns, type RowOf, type Stored } from "../../database/columns.js";
import type { SqlValue } from "../../database/driver.js";
import type { Sql } from "../../database/sql.js";
import type { Job } from "./job.js";
import { PAYLOAD_EXPRESSIONS, PAYLOAD_NAMES, type Payload } from "./payload.js";
import { countFitting } from "./weight.js";

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

/** A longer input is read once the claim is known to have room for it. All that are not fit in one claim. */
const MOST_AT_ONCE = MOST_CLAIMED_BYTES / MAX_JOBS_PER_COMMAND;

/** The same with the number of its bytes in the place of a longer input (`readInputs`). */
export const CANDIDATE_COLUMNS = columns(NAMES, "j.", {
  ...PAYLOAD_EXPRESSIONS,
  input: `coalesce(j.input, (SELECT CASE WHEN octet_length(i.input) <= ${MOST_AT_ONCE} THEN i.input ELSE octet_length(i.input) END
    FROM inputs i WHERE i.job = j.job))`,
}).text;

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

const INPUTS = `SELECT j.job, ${PAYLOAD_EXPRESSIONS.input} FROM json_each(?) e CROSS JOIN jobs j ON j.job = e.value`;

/** Has its input still to be read? */
export function isUnread({ row }: Candidate): boolean {
  return typeof row[AT.input] === "number";
}

/** Reads inputs of candidates that have yet to be: from the first on as many as there is room for, that one in any case. */
export function readInputs(sql: Sql, candidates: readonly Candidate[], room: number): void {
  const unread = candidates.filter(isUnread);
  const lengths = unread.map(({ row }) => Number(row[AT.input]));
  const some = unread.slice(0, Math.max(1, countFitting(lengths, room)));
  const numbers = JSON.stringify(some.map(({ job }) => job));
  const inputs = new Map(sql.all<[job: number, input: SqlValue]>(INPUTS, numbers));
  for (const { job, row } of some) row[AT.input] = inputs.get(job) ?? null;
}

/** How many characters of input there are in a row. */
export function inputLength(row: readonly [...LeaseRow, ...unknown[]]): number {
  const input = row[AT.input];
  return typeof input === "string" ? input.length : 0;
}
