/**
 * Fills the references in a job's input with the results of the jobs it depended on. They are read when the job runs,
 * never stored again.
 */
import { decodePayload } from "../../model/value/codec.js";
import { isSuccess } from "../../model/job/dependency.js";
import { keyOf, type JobRef } from "../../model/job/job.js";
import { fillReferences, referredJobs, type ReferencedJob } from "../../model/flow/input-references.js";
import { isTerminal } from "../../model/job/state.js";
import { runsAgain, type RelatedJob } from "../run/job-services.js";
import type { Run } from "../run/run.js";

/**
 * The input with all references filled in; changes `input`.
 * @throws DependencyGone, ReferenceNotFound; Snooze when a job whose result it needs runs again
 */
export async function fillInput(run: Run, input: unknown): Promise<unknown> {
  const references = run.lease.body?.references ?? [];
  const refs = referredJobs(references);
  const jobs = await run.services.relatedJobs(refs);
  const referenced = new Map(refs.map((ref, index) => [keyOf(ref), referencedJob(ref, jobs[index] ?? null)]));
  return fillReferences(input, references, (ref) => referenced.get(keyOf(ref)) ?? { kind: "gone" });
}

function referencedJob(ref: JobRef, job: RelatedJob | null): ReferencedJob {
  if (job === null) return { kind: "gone" };
  const { state, result } = job;
  if (!isTerminal(state)) throw runsAgain(ref);
  return isSuccess(state) ? { kind: "result", value: decodePayload(result ?? "null") } : { kind: "none" };
}
