/**
 * What a client may see of a job: with `read:payload` its payloads, secrets taken out of them; without it that there are some.
 * Every document of a job is made through one of these.
 */
import { redactSaid } from "../../model/redaction/redact.js";
import { redactText } from "../../model/redaction/redact-text.js";
import { NO_SECRETS, type Place } from "../../model/redaction/task-secrets.js";
import type { Access } from "./access.js";

/** What one request may see. */
export interface View {
  /** May it see payloads? */
  readonly payloads: boolean;
  /** A payload of a task's job as the client may see it: `input`, `result`, `meta`, `steps.NAME` …; `null` when it may not. */
  readonly payload: (task: string, place: Place, value: unknown) => unknown;
  /** A text, such as a message of an error or a line of a log, without secrets. */
  readonly text: (text: string) => string;
  /** What is said about a job, such as a reason why it does not run: all its texts without secrets. */
  readonly said: <Value>(value: Value) => Value;
}

/** Makes the view of an access. */
export function viewOf(access: Access): View {
  const payloads = access.allows("read:payload");
  return {
    payloads,
    payload: (task, place, value) => (payloads ? (access.secretsOf?.(task) ?? NO_SECRETS).redact(place, value) : null),
    text: redactText,
    said: redactSaid,
  };
}

/** What a flow's result may show of what one of its jobs gave: what the task of that job declares is secret there, too. */
export function partOf({ payload }: View): (task: string, result: unknown) => unknown {
  return (task, result) => payload(task, "result", result);
}
