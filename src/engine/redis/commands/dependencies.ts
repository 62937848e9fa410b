/** Reads the dependencies and dependents of a job on Redis, a thousand at a time; and starts flows. */
import { POLICIES, type DependencyRecord } from "../../../model/job/dependency.js";
import type { JobRef } from "../../../model/job/job.js";
import type { CommitAnswer } from "../../contract/engine.js";
import type { Link } from "../connection/connection.js";
import { endOf, parseRef } from "./mailbox.js";
import { list, number, text } from "../connection/reply.js";
import { COMMIT_LETTERS, POLICY_STEP, meaningOf } from "../connection/wire.js";

const AT_ONCE = 1_000;

/** The dependencies of a job. */
export async function readDependencies(link: Link, ref: JobRef): Promise<DependencyRecord[]> {
  return (await readLinks(link, "dependencies", ref)).map(([other, score]) => ({
    ...other,
    ifFailed: POLICIES[Math.floor(score / POLICY_STEP)] ?? "fail",
    state: score % POLICY_STEP === 0 ? null : endOf(score % POLICY_STEP),
  }));
}

/** The dependents of a job. */
export async function readDependents(link: Link, ref: JobRef): Promise<JobRef[]> {
  return (await readLinks(link, "dependents", ref)).map(([other]) => other);
}

async function readLinks(
  link: Link,
  which: "dependencies" | "dependents",
  { queue, id }: JobRef,
): Promise<[JobRef, number][]> {
  const found: [JobRef, number][] = [];
  for (let after: string | null = ""; after !== null;) {
    const page: unknown[] = list(await link.run("links", queue, [which, id, after, AT_ONCE]));
    for (let at = 0; at < page.length; at += 2) found.push([parseRef(text(page[at])), number(page[at + 1])]);
    after = page.length < AT_ONCE * 2 ? null : text(page.at(-2));
  }
  return found;
}

/** Starts a flow. */
export async function commitFlow(link: Link, { queue, id }: JobRef, members: number): Promise<CommitAnswer> {
  return meaningOf(COMMIT_LETTERS, text(await link.run("commit", queue, [id, members]))) ?? "missing";
}
