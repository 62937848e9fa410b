/**
 * Links between jobs as they are stored: a row in `links` for each linked job, and rows for its dependencies and dependents.
 * Both ends store a dependency: the dependent how it ended, the dependency which dependents retention keeps it for. A job
 * without links, as `linked` in its run record says, has no rows here. The dependency rows of a removed job stay until its
 * messages are delivered.
 */
import {
  isSuccess,
  type Dependency,
  type DependencyEnd,
  type DependencyPolicy,
  type DependencyRecord,
} from "../../../../model/job/dependency.js";
import type { JobRef, JobLinks } from "../../../../model/job/job.js";
import {
  MOST_LINKS,
  nextPlace,
  type DependenciesQuery,
  type DependencyLink,
  type DependencyPage,
} from "../../../contract/dependencies.js";
import type { Dependent, FlowStage } from "../../../shared/reactions.js";
import { stateOfJob, type Job } from "./job.js";
import { parseLinks } from "./payload.js";
import { TABLES } from "../../database/schema.js";
import type { Sql } from "../../database/sql.js";

/** The links of a job, as numbers. */
export interface LinkState {
  /** `null`: the job is no flow. */
  flow: FlowStage | null;
  /** Created held, and not released since. */
  held: boolean;
  /** How many jobs it depends on. */
  depends: number;
  /** How many of them have not ended, and how many ended otherwise than well in this round. */
  pending: number;
  unsuccessful: number;
  /** How often it began to wait for them again. */
  round: number;
}

type MaybeLinked = Pick<Job, "job" | "stateCode" | "linked">;

type Counts = [depends: number, pending: number, unsuccessful: number, round: number];
type LinkRow = [flow: LinkState["flow"], held: number, ...Counts];

const LOAD = "SELECT flow, held, depends, pending, unsuccessful, round FROM links WHERE job = ?";
const ADD = "INSERT INTO links (flow, held, depends, pending, unsuccessful, round, job) VALUES (?, ?, ?, ?, ?, ?, ?)";
const SAVE = "UPDATE links SET flow = ?, held = ?, depends = ?, pending = ?, unsuccessful = ?, round = ? WHERE job = ?";

/** No links. */
export const ALONE: LinkState = { flow: null, held: false, depends: 0, pending: 0, unsuccessful: 0, round: 0 };

export function linksOf(sql: Sql, job: MaybeLinked): LinkState {
  const row = job.linked ? sql.all<LinkRow>(LOAD, job.job)[0] : undefined;
  // A job without links is blocked only while it is held.
  if (row === undefined) return { ...ALONE, held: stateOfJob(job) === "blocked" };
  const [flow, held, depends, pending, unsuccessful, round] = row;
  return { flow, held: held === 1, depends, pending, unsuccessful, round };
}

/** Writes the links of a job back, and marks the job as linked. */
export function saveLinks(sql: Sql, job: MaybeLinked, links: LinkState): void {
  if (job.linked) {
    writeLinks(sql, SAVE, job, links);
    return;
  }
  addLinks(sql, job, links);
  sql.run("UPDATE jobs SET linked = 1 WHERE job = ?", job.job);
  job.linked = true;
}

/** Writes the links of a job that was inserted as linked. */
export function addLinks(sql: Sql, job: MaybeLinked, links: LinkState): void {
  writeLinks(sql, ADD, job, links);
}

function writeLinks(sql: Sql, statement: string, { job }: MaybeLinked, links: LinkState): void {
  const { flow, held, depends, pending, unsuccessful, round } = links;
  sql.run(statement, flow, held ? 1 : 0, depends, pending, unsuccessful, round, job);
}

/** Removes the links of a job, but not its dependencies and dependents, which are still to get messages. */
export function dropLinks(sql: Sql, { job }: Pick<Job, "job">): void {
  for (const table of TABLES.ofLinks) sql.run(`DELETE FROM ${table} WHERE job = ?`, job);
}

/** Removes the dependencies or dependents of the job with this number, up to one by queue and id. */
export function dropLinksUpTo(
  sql: Sql,
  table: (typeof TABLES.ofLinksToOthers)[number],
  job: number,
  { queue, id }: JobRef,
): void {
  sql.run(`DELETE FROM ${table} WHERE job = ? AND (queue, id) <= (?, ?)`, job, queue, id);
}

/** Removes the dependencies and dependents of a job, by its number. */
export function dropLinksToOthers(sql: Sql, job: number): void {
  for (const table of TABLES.ofLinksToOthers) sql.run(`DELETE FROM ${table} WHERE job = ?`, job);
}

/** Stores the links that a job was enqueued with. */
export function keepBody(sql: Sql, { job }: Pick<Job, "job">, { after, references, flow, role }: JobLinks): void {
  const body = JSON.stringify({ after, references, flow, role });
  sql.run("INSERT OR REPLACE INTO link_bodies (job, body) VALUES (?, ?)", job, body);
}

/** The links that a job was enqueued with; `null`: none, or undecodable ones, as such a job must be able to end too. */
export function bodyOf(sql: Sql, job: number): JobLinks | null {
  const body = sql.all<[body: string]>("SELECT body FROM link_bodies WHERE job = ?", job)[0]?.[0];
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

/** Adds a dependency, unless the job has it already. The caller writes the links back. */
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

/**
 * How a dependency ended; null: it has not, or it did not end well in a round before this one. So a job that waits again for
 * thousands of others writes one row. Takes the number of the job.
 */
export const STATE = `CASE WHEN state IN ('completed', 'partial')
  OR round >= coalesce((SELECT round FROM links WHERE job = ?), 0) THEN state END`;
const DEPENDENCY = `SELECT queue, id, policy, ${STATE} FROM dependencies WHERE job = ? AND queue = ? AND id = ?`;
const DEPENDENCIES = `SELECT queue, id, policy, ${STATE} FROM dependencies WHERE job = ? ORDER BY queue, id`;
const DEPENDENCIES_AFTER = `SELECT queue, id, policy, ${STATE} FROM dependencies
  WHERE job = ? AND (queue, id) > (?, ?) ORDER BY queue, id LIMIT ? + 0`;
const KINDS = `SELECT DISTINCT policy, ${STATE} FROM dependencies WHERE job = ?`;
/** Before every link. */
const NONE: JobRef = { queue: "", id: "" };
const END = "UPDATE dependencies SET state = ?, round = ? WHERE job = ? AND queue = ? AND id = ?";

/** A dependency of a job; `null`: it is none. */
export function dependency(sql: Sql, { job }: Pick<Job, "job">, { queue, id }: JobRef): DependencyRecord | null {
  const row = sql.all<DependencyRow>(DEPENDENCY, job, job, queue, id)[0];
  return row === undefined ? null : dependencyFrom(row);
}

/** Waits again for a dependency that had ended. The caller writes the links back. */
export function reopenDependency(sql: Sql, job: Pick<Job, "job">, links: LinkState, ref: JobRef): void {
  const state = dependency(sql, job, ref)?.state ?? null;
  if (state !== null && !isSuccess(state)) links.unsuccessful -= 1;
  sql.run(END, null, links.round, job.job, ref.queue, ref.id);
  links.pending += 1;
}

/** The dependencies of the job with this number, by queue and id. */
export function dependenciesOf(sql: Sql, job: number): DependencyRecord[] {
  return sql.all<DependencyRow>(DEPENDENCIES, job, job).map(dependencyFrom);
}

/** The first `most` of them after another one. */
export function dependenciesAfter(sql: Sql, job: number, after: JobRef | null, most: number): DependencyRecord[] {
  const { queue, id } = after ?? NONE;
  return sql.all<DependencyRow>(DEPENDENCIES_AFTER, job, job, queue, id, most).map(dependencyFrom);
}

/** One dependency of each policy and end that the dependencies of the job have. */
export function dependencyKinds(sql: Sql, job: number): DependencyRecord[] {
  return sql
    .all<[ifFailed: Dependency["ifFailed"], state: DependencyEnd | null]>(KINDS, job, job)
    .map(([ifFailed, state]) => ({ ...NONE, ifFailed, state }));
}

function dependencyFrom([queue, id, ifFailed, state]: DependencyRow): DependencyRecord {
  return { queue, id, ifFailed, state };
}

/** Records how a dependency ended. The caller writes the links back. */
export function endDependency(
  sql: Sql,
  { job }: Pick<Job, "job">,
  links: LinkState,
  { queue, id }: JobRef,
  state: DependencyEnd,
): void {
  sql.run(END, state, links.round, job, queue, id);
  links.pending -= 1;
  if (!isSuccess(state)) links.unsuccessful += 1;
}

/** Begins to wait again for dependencies that did not end well, if there are any. The caller writes the links back. */
export function reopenDependencies(links: LinkState): void {
  links.pending += links.unsuccessful;
  links.unsuccessful = 0;
  links.round += 1;
}

const ADD_DEPENDENT = `INSERT INTO dependents (job, queue, id, round) VALUES (?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET round = excluded.round`;
const DEPENDENT = "SELECT 1 FROM dependents WHERE job = ? AND queue = ? AND id = ?";
const TWO_DEPENDENTS = "SELECT queue, id FROM dependents WHERE job = ? LIMIT 2";
const DEPENDENTS = "SELECT queue, id, round FROM dependents WHERE job = ? ORDER BY queue, id";
const DEPENDENTS_AFTER = `SELECT queue, id, round FROM dependents
  WHERE job = ? AND (queue, id) > (?, ?) ORDER BY queue, id LIMIT ? + 0`;

type DependentRow = [queue: string, id: string, round: number];

/** Adds a dependent, or changes the round in which it waits. */
export function addDependent(sql: Sql, { job }: Pick<Job, "job">, { queue, id }: JobRef, round: number): void {
  sql.run(ADD_DEPENDENT, job, queue, id, round);
}

export function removeDependent(sql: Sql, { job }: Pick<Job, "job">, { queue, id }: JobRef): void {
  sql.run("DELETE FROM dependents WHERE job = ? AND queue = ? AND id = ?", job, queue, id);
}

/** Does the job `queue`/`id` depend on this one? */
export function isAwaitedBy(sql: Sql, job: number, { queue, id }: JobRef): boolean {
  return sql.all(DEPENDENT, job, queue, id).length > 0;
}

/** Is the job `queue`/`id` the only one that depends on this one? */
export function isAwaitedOnlyBy(sql: Sql, job: number, { queue, id }: JobRef): boolean {
  const [first, second] = sql.all<[queue: string, id: string]>(TWO_DEPENDENTS, job);
  return first !== undefined && second === undefined && first[0] === queue && first[1] === id;
}

/** The dependents of the job with this number, by queue and id. */
export function dependentsOf(sql: Sql, job: number): Dependent[] {
  return sql.all<DependentRow>(DEPENDENTS, job).map(dependentFrom);
}

/** The first `most` of them after another one. */
export function dependentsAfter(sql: Sql, job: number, after: JobRef | null, most: number): Dependent[] {
  const { queue, id } = after ?? NONE;
  return sql.all<DependentRow>(DEPENDENTS_AFTER, job, queue, id, most).map(dependentFrom);
}

function dependentFrom([queue, id, round]: DependentRow): Dependent {
  return { ref: { queue, id }, round };
}

/** Has the job dependents? Retention keeps it for them. */
export function isRetained(sql: Sql, { job, linked }: Pick<Job, "job" | "linked">): boolean {
  return linked && sql.all("SELECT 1 FROM dependents WHERE job = ? LIMIT 1", job).length > 0;
}

const NUMBER = "SELECT j.job FROM queues q CROSS JOIN jobs j ON j.queue = q.queue AND j.id = ? WHERE q.name = ?";

/** The dependencies of a job, by queue and id; empty for a missing job. */
export function listDependencies(sql: Sql, { queue, id }: JobRef): DependencyRecord[] {
  return sql.all<[job: number]>(NUMBER, id, queue).flatMap(([job]) => dependenciesOf(sql, job));
}

/** The dependencies of many jobs, a page of them. */
export function pageOfDependencies(sql: Sql, { queue, ids, from }: DependenciesQuery): DependencyPage {
  const first = from?.of ?? 0;
  const links: DependencyLink[] = [];
  for (let of = first; of < ids.length && links.length < MOST_LINKS; of += 1) {
    const after = from !== null && of === first ? from.after : null;
    for (const [job] of sql.all<[job: number]>(NUMBER, ids[of] ?? "", queue)) {
      const some = dependenciesAfter(sql, job, after, MOST_LINKS - links.length);
      links.push(...some.map((dependency) => ({ ...dependency, of })));
    }
  }
  return { links, next: nextPlace(links) };
}

/** The dependents of a job, by queue and id; empty for a missing job. */
export function listDependents(sql: Sql, { queue, id }: JobRef): JobRef[] {
  return sql.all<[job: number]>(NUMBER, id, queue).flatMap(([job]) => dependentsOf(sql, job).map(({ ref }) => ref));
}
