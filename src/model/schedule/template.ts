/** The template of a schedule's jobs: a job's spec without the parts that depend on the tick. */
import { encodePayload } from "../value/codec.js";
import { InvalidInput } from "../errors/errors.js";
import type { JobSpec, JobLinks } from "../job/job.js";
import { parseName, parseOwnName } from "../value/name.js";
import { parseOptions, type JobDefaults, type JobOptions } from "../options/options.js";

/** The options of a schedule's jobs: those of any job, but for its id and time, which come from the tick. */
export interface TickOptions extends Omit<JobOptions, "id" | "delay" | "runAt" | "hold"> {
  /** Another queue than the task's. */
  queue?: string;
}

/** A job's spec without the parts that depend on the tick. */
export type JobTemplate = Omit<JobSpec, "id" | "due" | "hold" | "nonce" | keyof JobLinks>;

/** Defaults of the task, its queue and the connection. */
export interface TemplateDefaults {
  /** Default: `"default"`. */
  readonly queue?: string;
  /** From the weakest (queue defaults) to the strongest (the task's). */
  readonly options?: readonly (JobDefaults | undefined)[];
  /** The most bytes of JSON the input may have. Default: 128 KiB. */
  readonly payloadCap?: number;
}

const TICKS_OWN = ["id", "delay", "runAt", "hold"];

/**
 * Checks a template.
 * @throws InvalidInput, PayloadTooLarge
 */
export function parseTemplate(
  field: string,
  task: unknown,
  input: unknown,
  options: unknown,
  defaults: TemplateDefaults,
): JobTemplate {
  const { queue = defaults.queue ?? "default", ...rest } = ownOptions(`${field}.options`, options ?? {});
  const { id: _id, due: _due, hold: _hold, ...parsed } = parseOptions(...(defaults.options ?? []), rest);
  if (parsed.unique?.debounce !== undefined) {
    throw new InvalidInput(
      `${field}.options.unique.debounce`,
      rest["unique"],
      "not in a schedule, whose ticks say when",
    );
  }
  return {
    queue: parseOwnName(`${field}.options.queue`, queue),
    task: parseName(`${field}.task`, task),
    input: encodePayload(`${field}.input`, input, defaults.payloadCap),
    ...parsed,
  };
}

function ownOptions(field: string, value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidInput(field, value, "an object of options");
  }
  const options: Record<string, unknown> = { ...value };
  for (const key of TICKS_OWN) {
    if (options[key] !== undefined) {
      throw new InvalidInput(`${field}.${key}`, options[key], "not in a schedule, whose ticks give it");
    }
  }
  return options;
}
