/**
 * Places that a task declares secret: `input.customer.iban`. They begin with the part of the job (`input`, `result`, `meta`, `steps.NAME`,
 * `milestones.NAME`); `*` is any key; of a list every element is meant.
 */
import { InvalidInput } from "../errors/errors.js";

/** The parts of a job that have payloads. */
export const PARTS = ["input", "result", "meta", "steps", "milestones"] as const;

/** A part of a job that has a payload. */
export type Part = (typeof PARTS)[number];

/** A secret place: the part of the job, then keys from the outside in. */
export interface SecretPath {
  readonly part: Part;
  readonly keys: readonly string[];
}

/** The most places of a task, and the most keys and characters of one. */
export const MOST_PATHS = 50;
const MOST_KEYS = 20;
export const LONGEST_PATH = 200;
const RULE = `a place such as "input.customer.iban": ${PARTS.join(", ")}, then up to ${MOST_KEYS} keys with dots between, * for any`;

/** Checks the places of a task. @throws InvalidInput */
export function parseSecretPaths(field: string, value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > MOST_PATHS) {
    throw new InvalidInput(field, value, `a list of at most ${MOST_PATHS} places`);
  }
  return [...new Set(value.map((path, index) => parseSecretPath(`${field}[${index}]`, path)))];
}

function parseSecretPath(field: string, value: unknown): string {
  if (typeof value !== "string" || readSecretPath(value) === null) throw new InvalidInput(field, value, RULE);
  return value;
}

/** A place as it is matched; `null` when the text is none. */
export function readSecretPath(text: string): SecretPath | null {
  if (text.length > LONGEST_PATH) return null;
  const [root, ...keys] = text.split(".");
  const part = PARTS.find((known) => known === root);
  const named = part === "steps" || part === "milestones";
  if (part === undefined || keys.length > MOST_KEYS || keys.includes("") || (named && keys.length === 0)) return null;
  return { part, keys };
}
