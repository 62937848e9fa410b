/**
 * What people call a task, where they see the results of its jobs, and what of these is secret, as documents of the platform: a worker stores them, so that who
 * looks at jobs knows them when no worker of the task is there.
 */
import { LONGEST_PATH, MOST_PATHS } from "../redaction/secret-path.js";
import { readList, readObject, readOptional, readText } from "../value/strict.js";

/** The kind of these documents. The id of each is the name of its task. */
export const TASK_DESCRIPTIONS = "longshore:tasks";

/** What is known of a task. */
export interface TaskDescription {
  readonly name: string;
  /** What people call it; `null` when no worker has said. */
  readonly label: string | null;
  /** Where the result of a job is shown: a template for `resultUrl`; `null` when no worker has said. */
  readonly resultUrl: string | null;
  /** The places of its jobs that are not shown: `"input.customer.iban"`. */
  readonly redact: readonly string[];
}

const LONGEST = 1_000;

/** The value of its document; `null`: there is none, since nothing is said of it. */
export function encodeDescription({ label, resultUrl, redact }: TaskDescription): string | null {
  if (redact.length > 0) return JSON.stringify({ label, resultUrl, redact });
  return label === null && resultUrl === null ? null : JSON.stringify({ label, resultUrl });
}

function readShort(what: string, given: unknown): string {
  return readText(what, given, LONGEST);
}

/** Reads a document. Where it cannot be read, nothing is known of the task. Never throws. */
export function decodeDescription(name: string, value: string): TaskDescription {
  try {
    const { label, resultUrl, redact = [] } = readObject("task", JSON.parse(value));
    return {
      name,
      label: readOptional("task.label", label, readShort),
      resultUrl: readOptional("task.resultUrl", resultUrl, readShort),
      redact: readList("task.redact", redact, MOST_PATHS, (what, path) => readText(what, path, LONGEST_PATH)),
    };
  } catch {
    return { name, label: null, resultUrl: null, redact: [] };
  }
}
