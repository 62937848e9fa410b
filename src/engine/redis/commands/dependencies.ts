/** Reads the dependencies and dependents of jobs on Redis, a thousand at a time; and starts flows. */
import { POLICIES, type DependencyRecord } from "../../../model/job/dependency.js";
import type { JobRef } from "../../../model/job/job.js";
import {
  MOST_LINKS,
  nextPlace,
  type CommitAnswer,
  type DependenciesQuery,
  type DependencyPage,
} from "../../contract/engine.js";
import type { Link } from "../connection/connection.js";
import { endOf, parseRef } from "./mailbox.js";
import { list, number, text } from "../connection/reply.js";
import { COMMIT_LETTERS, POLICY_STEP, meaningOf } from "../connection/wire.js";
import { keyOf } from "../../../model/job/job-ref.js";

/** A link of one of several jobs. */
interface StoredLink {
  /** Which job: its place among them. */
  readonly of: number;
  readonly other: JobRef;
  readonly value: number;
}

/** The dependencies of a job. */
export async function readDependencies(link: Link, ref: JobRef): Promise<DependencyRecord[]> {
  return (await readAll(link, "dependencies", ref)).map(dependencyFrom);
}

/** The dependencies of many jobs, a page of them. */
export async function pageOfDependencies(link: Link, { queue, ids, from }: DependenciesQuery): Promise<DependencyPage> {
  const first = from?.of ?? 0;
  const some = ids.slice(first);
  if (some.length === 0) return { links: [], next: null };
  const stored = await readLinks(link, "dependencies", queue, some, from === null ? "" : keyOf(from.after));
  const links = stored.map((one) => ({ ...dependencyFrom(one), of: first + one.of }));
  return { links, next: nextPlace(links) };
}

function dependencyFrom({ other, value }: StoredLink): DependencyRecord {
  const state = value % POLICY_STEP;
  return {
    ...other,
    ifFailed: POLICIES[Math.floor(value / POLICY_STEP)] ?? "fail",
    state: state === 0 ? null : endOf(state),
  };
}

/** The dependents of a job. */
export async function readDependents(link: Link, ref: JobRef): Promise<JobRef[]> {
  return (await readAll(link, "dependents", ref)).map(({ other }) => other);
}

type Which = "dependencies" | "dependents";

async function readAll(link: Link, which: Which, { queue, id }: JobRef): Promise<StoredLink[]> {
  const found: StoredLink[] = [];
  for (let after: string | null = ""; after !== null;) {
    const page: StoredLink[] = await readLinks(link, which, queue, [id], after);
    found.push(...page);
    const last: StoredLink | undefined = page.at(-1);
    after = last === undefined || page.length < MOST_LINKS ? null : keyOf(last.other);
  }
  return found;
}

/** Links of these jobs, `MOST_LINKS` at most, beginning after one of the first of them. */
async function readLinks(
  link: Link,
  which: Which,
  queue: string,
  ids: readonly string[],
  after: string,
): Promise<StoredLink[]> {
  const values: unknown[] = list(await link.run("links", queue, [which, MOST_LINKS, after, ...ids]));
  return Array.from({ length: values.length / 3 }, (_none, index) => ({
    of: number(values[index * 3]),
    other: parseRef(text(values[index * 3 + 1])),
    value: number(values[index * 3 + 2]),
  }));
}

/** Starts a flow. */
export async function commitFlow(link: Link, { queue, id }: JobRef, members: number): Promise<CommitAnswer> {
  return meaningOf(COMMIT_LETTERS, text(await link.run("commit", queue, [id, members]))) ?? "missing";
}
