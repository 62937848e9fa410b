/**
 * What ties jobs, as it is stored: how a job stands towards others, what it depends on, what depends on it. Both sides of a
 * tie have a row: the dependent's says how the dependency ended, the dependency's keeps retention away. A job that stands
 * alone, as its run record says, has none of this and costs nothing. Ties of a job that is gone stay until that was told.
 */
import type { Dependency, DependencyEnd, DependencyPolicy, DependencyRecord } from "../../../model/job/dependency.js";
import type { JobRef, JobLinks } from "../../../model/job/job.js";
import { stateOfJob, type Job } from "./job.js";
import { parseLinks } from "./payload.js";
import type { Sql } from "../database/sql.js";

/** How a job stands towards others. */
export interface LinkState {
  /** Of a flow: is it still being created? `null`: it is no flow. */
  flow: "open" | "begun" | null;
  /** Created held, and not let go since. */
  held: boolean;
  /** How many jobs it depends on. */
  depends: number;
  /** How many of them have not ended. */
  pending: number;
  /** How often it waited anew for them. */
  round: number;
}

/** What depends on a job, and the round in which it waits for it. */
export interface Dependent {
  readonly ref: JobRef;
  readonly round: number;
}

/** What is asked of a job to find its ties. */
type MaybeLinked = Pick<Job, "job" | "line" | "linked">;

type LinkRow = [flow: LinkState["flow"], held: number, depends: number, waiting: number, round: number];

const LOAD = "SELECT flow, held, depends, waiting, round FROM ties WHERE job = ?";
const ADD = "INSERT INTO ties (flow, held, depends, waiting, round, job) VALUES (?, ?, ?, ?, ?, ?)";
const SAVE = "UPDATE ties SET flow = ?, held = ?, depends = ?, waiting = ?, round = ? WHERE job = ?";

/** The ties of a job that has none yet. */
export const ALONE: LinkState = { flow: null, held: false, depends: 0, pending: 0, round: 0 };

/** The ties of a job, which may stand alone. */
export function linksOf(sql: Sql, job: MaybeLinked): LinkState {
  const row = job.linked ? sql.all<LinkRow>(LOAD, job.job)[0] : undefined;
  // Nothing else blocks a job that stands alone.
  if (row === undefined) return { ...ALONE, held: stateOfJob(job) === "blocked" };
  const [flow, held, depends, waiting, round] = row;
  return { flow, held: held === 1, depends, pending: waiting, round };
}

/** Writes the ties of a job back; one that stood alone is tied from now on. */
export function saveLinks(sql: Sql, job: MaybeLinked, links: LinkState): void {
  if (job.linked) {
    writeLinks(sql, SAVE, job, links);
    return;
  }
  addLinks(sql, job, links);
  sql.run("UPDATE jobs SET tied = 1 WHERE job = ?", job.job);
  job.linked = true;
}

/** Writes the ties of a job that was inserted as tied. */
export function addLinks(sql: Sql, job: MaybeLinked, links: LinkState): void {
  writeLinks(sql, ADD, job, links);
}

function writeLinks(sql: Sql, statement: string, { job }: MaybeLinked, links: LinkState): void {
  const { flow, held, depends, pending: waiting, round } = links;
  sql.run(statement, flow, held ? 1 : 0, depends, waiting, round, job);
}

/** Forgets the ties of a job, but for those to other jobs: these are to be told. */
export function dropLinks(sql: Sql, { job }: Pick<Job, "job">): void {
  for (const table of ["ties", "tied_bodies"]) sql.run(`DELETE FROM ${table} WHERE job = ?`, job);
}

/** Forgets the ties of a job to other jobs, by its number. */
export function dropLinksToOthers(sql: Sql, job: number): void {
  for (const table of ["dependencies", "dependents"]) sql.run(`DELETE FROM ${table} WHERE job = ?`, job);
}

/** Keeps what a job was enqueued with of its ties. */
export function keepBody(sql: Sql, { job }: Pick<Job, "job">, { after, references, flow, role }: JobLinks): void {
  const body = JSON.stringify({ after, references, flow, role });
  sql.run("INSERT OR REPLACE INTO tied_bodies (job, body) VALUES (?, ?)", job, body);
}

/** What a job was enqueued with of its ties; `null`: nothing, or what cannot be decoded, for such a job must end too. */
export function bodyOf(sql: Sql, job: number): JobLinks | null {
  const body = sql.all<[body: string]>("SELECT body FROM tied_bodies WHERE job = ?", job)[0]?.[0];
  if (body === undefined) return null;
  try {
    return parseLinks(body);
  } catch {
    return null;
  }
}

/** Was the job enqueued as a member of a flow? */
export function isMember(sql: Sql, { job, linked }: Pick<Job, "job" | "linked">): boolean {
  return linked && bodyOf(sql, job)?.flow != null;
}

const DEPEND = "INSERT OR IGNORE INTO dependencies (job, queue, id, policy) VALUES (?, ?, ?, ?)";

/** Lets a job depend on another one, unless it does already. Whoever asked writes its ties back. */
export function addDependency(
  sql: Sql,
  { job }: Pick<Job, "job">,
  links: LinkState,
  { queue, id }: JobRef,
  ifFailed: DependencyPolicy,
): void {
  if (sql.run(DEPEND, job, queue, id, ifFailed) === 0) return;
  links.depends += 1;
  links.pending += 1;
}

type DependencyRow = [queue: string, id: string, ifFailed: Dependency["ifFailed"], state: DependencyEnd | null];

const DEPENDENCY = "SELECT queue, id, policy, state FROM dependencies WHERE job = ? AND queue = ? AND id = ?";
const DEPENDENCIES = "SELECT queue, id, policy, state FROM dependencies WHERE job = ? ORDER BY queue, id";
const END = "UPDATE dependencies SET state = ? WHERE job = ? AND queue = ? AND id = ?";
const UNSUCCESSFUL = "job = ? AND (state IS NULL OR state NOT IN ('completed', 'partial'))";

/** One of the jobs that a job depends on; `null` when it does not. */
export function dependency(sql: Sql, { job }: Pick<Job, "job">, { queue, id }: JobRef): DependencyRecord | null {
  const row = sql.all<DependencyRow>(DEPENDENCY, job, queue, id)[0];
  return row === undefined ? null : dependencyFrom(row);
}

/** Takes back how a dependency ended. Whoever asked writes the ties of the job back. */
export function reopenDependency(sql: Sql, { job }: Pick<Job, "job">, links: LinkState, { queue, id }: JobRef): void {
  sql.run(END, null, job, queue, id);
  links.pending += 1;
}

/** What a job depends on, by queue and id; by its number. */
export function dependenciesOf(sql: Sql, job: number): DependencyRecord[] {
  return sql.all<DependencyRow>(DEPENDENCIES, job).map(dependencyFrom);
}

function dependencyFrom([queue, id, ifFailed, state]: DependencyRow): DependencyRecord {
  return { queue, id, ifFailed, state };
}

/** Writes down how a dependency ended. */
export function endDependency(sql: Sql, { job }: Pick<Job, "job">, { queue, id }: JobRef, state: DependencyEnd): void {
  sql.run(END, state, job, queue, id);
}

/** Are there dependencies to be looked at again? */
export function willWait(sql: Sql, { job }: Pick<Job, "job">): boolean {
  return sql.all(`SELECT 1 FROM dependencies WHERE ${UNSUCCESSFUL} LIMIT 1`, job).length > 0;
}

/** Takes back how dependencies ended that did not succeed; answers how many have not ended now. */
export function reopenDependencies(sql: Sql, { job }: Pick<Job, "job">): number {
  return sql.run(`UPDATE dependencies SET state = NULL WHERE ${UNSUCCESSFUL}`, job);
}

const ADD_DEPENDENT = `INSERT INTO dependents (job, queue, id, round) VALUES (?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET round = excluded.round`;
const DEPENDENT = "SELECT 1 FROM dependents WHERE job = ? AND queue = ? AND id = ?";
const DEPENDENTS = "SELECT queue, id, round FROM dependents WHERE job = ? ORDER BY queue, id";

/** Writes down that a job depends on this one. */
export function addDependent(sql: Sql, { job }: Pick<Job, "job">, { queue, id }: JobRef, round: number): void {
  sql.run(ADD_DEPENDENT, job, queue, id, round);
}

/** Strikes out a job that depends on this one; answers whether it did. */
export function removeDependent(sql: Sql, { job }: Pick<Job, "job">, { queue, id }: JobRef): boolean {
  return sql.run("DELETE FROM dependents WHERE job = ? AND queue = ? AND id = ?", job, queue, id) > 0;
}

/** Does that job depend on this one? */
export function isAwaitedBy(sql: Sql, job: number, { queue, id }: JobRef): boolean {
  return sql.all(DEPENDENT, job, queue, id).length > 0;
}

/** What depends on a job, by queue and id; by its number. */
export function dependentsOf(sql: Sql, job: number): Dependent[] {
  return sql
    .all<[queue: string, id: string, round: number]>(DEPENDENTS, job)
    .map(([queue, id, round]) => ({ ref: { queue, id }, round }));
}

/** Does anything depend on the job? Then retention keeps it. */
export function isRetained(sql: Sql, { job, linked }: Pick<Job, "job" | "linked">): boolean {
  return linked && sql.all("SELECT 1 FROM dependents WHERE job = ? LIMIT 1", job).length > 0;
}

const NUMBER = "SELECT j.job FROM queues q CROSS JOIN jobs j ON j.queue = q.queue AND j.id = ? WHERE q.name = ?";

/** What a job depends on, by queue and id; of what is not there, nothing. */
export function listDependencies(sql: Sql, { queue, id }: JobRef): DependencyRecord[] {
  return sql.all<[job: number]>(NUMBER, id, queue).flatMap(([job]) => dependenciesOf(sql, job));
}

/** What depends on a job, by queue and id; on what is not there, nothing. */
export function listDependents(sql: Sql, { queue, id }: JobRef): JobRef[] {
  return sql.all<[job: number]>(NUMBER, id, queue).flatMap(([job]) => dependentsOf(sql, job).map(({ ref }) => ref));
}
