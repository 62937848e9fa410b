/** From checked options to the job as engines take it: one set of rules for every way to enqueue. */
import { encodePayload } from "../value/codec.js";
import { UNLINKED, type JobSpec, type JobLinks } from "../job/job.js";
import type { ParsedOptions } from "./options.js";

/** The inputs of a spec beside the options. */
export interface SpecParts {
  readonly queue: string;
  readonly id: string;
  readonly task: string;
  readonly input: unknown;
  /** What the input is called in errors. Default: `"input"`. */
  readonly field?: string;
  /** Bytes of JSON that the input may have. */
  readonly payloadCap: number;
  readonly nonce: string | null;
  /** Default: none. */
  readonly links?: JobLinks;
}

/**
 * The spec of a job. The input is queued as it was given: the worker parses it again, and transforms must happen once.
 * @throws InvalidInput, PayloadTooLarge
 */
export function makeSpec(parts: SpecParts, options: ParsedOptions): JobSpec {
  const { queue, id, task, input, field = "input", payloadCap, nonce, links = UNLINKED } = parts;
  const { backoff, timeout, due, priority, attempts, ttl, tags, meta, hold, unique, supersedes, retention } = options;
  return {
    queue,
    id,
    task,
    input: encodePayload(field, input, payloadCap),
    backoff,
    timeout,
    due,
    priority,
    attempts,
    ttl,
    tags,
    meta,
    hold,
    unique,
    supersedes,
    retention,
    nonce,
    ...links,
  };
}
