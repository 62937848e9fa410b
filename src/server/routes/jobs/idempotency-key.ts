/**
 * `Idempotency-Key`: a request that is sent again makes its jobs once. The key gives each job its id, so that whichever process
 * answers, the engine finds the jobs that are there and makes those that are missing. The digest of the whole request goes with them:
 * the same request is answered as before, another with the key is refused.
 */
import { createHash } from "node:crypto";
import type { JobRequest } from "../../../client/enqueue/job-request.js";
import type { Job } from "../../../client/jobs/job.js";
import type { Longshore } from "../../../client/longshore.js";
import { Problem } from "../../http/problem.js";

/** A request that its client has named. */
export class KeyedRequest {
  /** Its jobs; those without an id of the client's own have one of the key. */
  readonly requests: readonly JobRequest[];
  readonly #nonce: string;
  readonly #ids = new Set<string>();

  /** @param body all that was asked for */
  constructor(given: { subject: string; key: string; body: unknown }, requests: readonly JobRequest[]) {
    const { subject, key, body } = given;
    this.#nonce = digest([subject, key, body]);
    this.requests = requests.map((request) => {
      if (request.options?.id !== undefined) return request;
      const id = `key_${digest([subject, key, this.#ids.size]).slice(0, 32)}`;
      this.#ids.add(id);
      return { ...request, options: { ...request.options, id } };
    });
  }

  /** Makes the jobs, or finds those that the request made before. @throws Problem 422; what `enqueueAll` throws */
  async enqueue(longshore: Longshore): Promise<Job[]> {
    const nonce = this.#nonce;
    const [first] = this.#ids;
    const known = first === undefined ? null : await longshore.job(first);
    if (known !== null) {
      // Nothing of another request is to be stored, in another queue or behind the end of the list before: this one is there already.
      const same = this.requests.filter(({ options }) => options?.id === first);
      if (same.some((request) => queueOf(request) !== known.queue)) throw reused(known);
      // What is wrong with it is said below, with its place.
      for (const job of await longshore.enqueueAll(same, { nonce }).catch(() => [])) this.#requireSame(job);
    }
    const jobs = await longshore.enqueueAll(this.requests, { nonce });
    for (const job of jobs) this.#requireSame(job);
    return jobs;
  }

  #requireSame(job: Job): void {
    if (job.outcome === "existing" && this.#ids.has(job.id)) throw reused(job);
  }
}

/** The queue of a job that is asked for. */
function queueOf({ task, options }: JobRequest): string {
  return options?.queue ?? (typeof task === "string" ? "default" : task.queue);
}

function reused({ id, queue }: Job): Problem {
  return new Problem(422, "IDEMPOTENCY_KEY_REUSED", "this key named another request before", {
    members: { field: "Idempotency-Key", jobId: id, queue },
  });
}

function digest(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}
