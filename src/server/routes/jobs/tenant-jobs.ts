/**
 * What a token that is narrowed to a tag may create: jobs with its tag, under keys of its own, which wait for its own jobs alone. It
 * neither takes the place of another tenant's job nor learns of one.
 */
import type { EnqueueOptions } from "../../../client/enqueue/job-spec.js";
import type { Longshore } from "../../../client/longshore.js";
import { InvalidInput } from "../../../model/errors/errors.js";
import type { JobRef } from "../../../model/job/job.js";
import type { Access } from "../../http/access.js";
import { Problem } from "../../http/problem.js";

/** A job that is to be created, in which queue, by what right, and where an error of its options stands. */
export interface WantedJob {
  readonly queue: string;
  readonly access: Access;
  readonly options: EnqueueOptions;
  readonly field: string;
}

/** The same as far as it names other jobs. */
type NamingJob = Omit<WantedJob, "options"> & {
  readonly options: { readonly id?: string | undefined; readonly after?: EnqueueOptions["after"] | undefined };
};

/**
 * The options of a job within what the access may do.
 * @param field where an error of them stands
 * @throws InvalidInput for a tag of another tenant
 */
export function ownOptions({ tag }: Access, options: EnqueueOptions, field: string): EnqueueOptions {
  if (tag === null) return options;
  const { unique, supersedes } = options;
  return {
    ...options,
    tags: ownTags(tag, options.tags, `${field}.tags`),
    ...(unique === undefined ? {} : { unique: { ...unique, key: ownKey(tag, unique.key) } }),
    ...(supersedes === undefined ? {} : { supersedes: ownKey(tag, supersedes) }),
  };
}

/**
 * Tags with that of a tenant. Others of its kind (`app:8` beside `app:7`) are those of other tenants.
 * @param field where they stand
 * @throws InvalidInput
 */
export function ownTags(tag: string, tags: readonly string[] | undefined, field: string): readonly string[] {
  const [kind, ...rest] = tag.split(":");
  const isForeign = (other: string): boolean => rest.length > 0 && other !== tag && other.startsWith(`${kind}:`);
  const foreign = (tags ?? []).findIndex(isForeign);
  if (foreign !== -1) throw new InvalidInput(`${field}[${foreign}]`, tags?.[foreign], `no other ${kind}: than ${tag}`);
  return [...(tags ?? []), tag];
}

// A tag that has a space differs from one that ends before it.
function ownKey(tag: string, key: string): string {
  return `${tag.replaceAll(/[\\ ]/g, String.raw`\$&`)} ${key}`;
}

/**
 * Do the ids that a tenant gives belong to no job of another, and are the jobs to wait for its own?
 * @throws InvalidInput; Problem 409 `ID_TAKEN`; EngineUnavailable
 */
export async function checkOwnJobs(longshore: Longshore, wanted: readonly NamingJob[]): Promise<void> {
  const given = new Map<string, string>();
  const asked: { readonly ref: JobRef; readonly check: (tags: readonly string[] | null) => void }[] = [];
  for (const { queue, access, options, field } of wanted) {
    const { tag } = access;
    if (tag === null) continue;
    for (const [index, one] of (options.after ?? []).entries()) {
      const ref = "job" in one ? one.job : one;
      const check = (tags: readonly string[] | null): void => {
        if (tags === null ? given.get(JSON.stringify([ref.queue, ref.id])) === tag : tags.includes(tag)) return;
        throw new InvalidInput(`${field}.after[${index}]`, `${ref.queue}/${ref.id}`, `a job of tag ${tag}`);
      };
      asked.push({ ref, check });
    }
    const { id } = options;
    if (id === undefined) continue;
    given.set(JSON.stringify([queue, id]), tag);
    const check = (tags: readonly string[] | null): void => {
      if (tags === null || tags.includes(tag)) return;
      throw new Problem(409, "ID_TAKEN", `another job of queue ${queue} has the id ${id}`, {
        members: { field: `${field}.id`, rule: "an id that no other job has" },
      });
    };
    asked.push({ ref: { queue, id }, check });
  }
  if (asked.length === 0) return;
  const there = await longshore.snapshots(asked.map(({ ref }) => ref));
  for (const [index, { check }] of asked.entries()) check(there[index]?.tags ?? null);
}
