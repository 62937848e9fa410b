/** The dependencies of many jobs of a queue, as one command reads them: in pages, as a flow alone may have 10,000. */
import type { DependencyRecord } from "../../model/job/dependency.js";
import type { JobRef } from "../../model/job/job-ref.js";
import type { Awaitable } from "./awaitable.js";

/** How many links a page has at most. */
export const MOST_LINKS = 1_000;

/** Of which jobs. */
export interface DependenciesQuery {
  readonly queue: string;
  /** Up to 500. */
  readonly ids: readonly string[];
  /** Where the page before ended; `null`: the first page. */
  readonly from: DependencyPlace | null;
}

/** A place among the links of many jobs. */
export interface DependencyPlace {
  /** Which job: its place in `ids`. */
  readonly of: number;
  /** The last of its dependencies that was read. */
  readonly after: JobRef;
}

/** A dependency of one of many jobs. */
export interface DependencyLink extends DependencyRecord {
  /** Of which job it is one: its place in `ids`. */
  readonly of: number;
}

export interface DependencyPage {
  /** Job by job as they were asked for; of each by queue and id. */
  readonly links: readonly DependencyLink[];
  /** Where to continue; `null` at the end. */
  readonly next: DependencyPlace | null;
}

/** The commands on dependencies. */
export interface DependencyCommands {
  /** The dependencies of a job, by queue and id, and how each ended; of a flow: its members. */
  dependencies(params: JobRef): Awaitable<DependencyRecord[]>;
  /** The same of many jobs of a queue, up to `MOST_LINKS` at a time. The last page may be empty. */
  dependenciesOf(params: DependenciesQuery): Awaitable<DependencyPage>;
}

/** Where to continue after links that may not have been all: those of a full page. */
export function nextPlace(links: readonly DependencyLink[]): DependencyPlace | null {
  const last = links.at(-1);
  if (last === undefined || links.length < MOST_LINKS) return null;
  return { of: last.of, after: { queue: last.queue, id: last.id } };
}
