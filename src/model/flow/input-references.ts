/** Input references: puts values from the results of other jobs into a job's input, before the input is checked. */
import type { InputReference } from "../job/membership.js";
import { DependencyGone, ReferenceNotFound } from "./dependency-errors.js";
import type { JobRef } from "../job/job.js";
import { pathText, putAt, takeAt } from "../value/path.js";

/** The result of a job that an input refers to, if it has one. */
export type ReferencedJob =
  | { readonly kind: "result"; readonly value: unknown }
  /** It ended without success, and its dependent runs all the same (`ifFailed: "continue"`). */
  | { readonly kind: "none" }
  | { readonly kind: "gone" };

/** The jobs that references name, each once. */
export function referredJobs(references: readonly InputReference[]): JobRef[] {
  return [...new Map(references.map(({ from }) => [`${from.queue}/${from.id}`, from])).values()];
}

/**
 * The input with everything in place: `null` where the job referred to did not succeed. Changes `input`.
 * @throws DependencyGone, ReferenceNotFound
 */
export function fillReferences(
  input: unknown,
  references: readonly InputReference[],
  resultOf: (job: JobRef) => ReferencedJob,
): unknown {
  let filled = input;
  for (const { at, from, take } of references) {
    const place = pathText("input", at);
    const job = `${from.queue}/${from.id}`;
    const referred = resultOf(from);
    if (referred.kind === "gone") throw new DependencyGone(from);
    const found = referred.kind === "none" ? { value: null } : takeAt(referred.value, take);
    if (found === null) {
      throw new ReferenceNotFound(`${place} takes ${pathText("result", take)} of ${job}, which has no such place`);
    }
    const put = putAt(filled, at, found.value);
    if (put === null)
      throw new ReferenceNotFound(`${place}, where the result of ${job} goes, is no place in the input`);
    filled = put.whole;
  }
  return filled;
}
