/** The options of steps: as handlers write them, checked one by one, with defaults filled in. */
import { DEFAULT_BACKOFF, parseBackoff, type Backoff } from "../../model/failure/backoff.js";
import { parsePositiveDuration } from "../../model/value/duration.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { DEFAULT_ATTEMPTS, MOST_ATTEMPTS } from "../../model/options/options.js";
import { parseFlag, parseWhole } from "../../model/value/scalar.js";
import { parseWeight } from "../../model/job/report/step-plan.js";

/** The checked options, with defaults. Durations are milliseconds. */
export interface ParsedStepOptions {
  /** The total number of tries. */
  readonly tries: number;
  readonly backoff: Backoff;
  readonly timeout: number | null;
  readonly optional: boolean;
  readonly weight: number | null;
}

/** The options of a step over items. */
export interface ParsedStepAllOptions extends ParsedStepOptions {
  readonly concurrency: number;
  readonly key: ((item: unknown, index: number) => unknown) | null;
}

const STEP_KEYS = ["retry", "timeout", "optional", "weight"];
const ALL_KEYS = [...STEP_KEYS, "concurrency", "key"];
const RETRY_KEYS = ["tries", "backoff"];
const DEFAULT_CONCURRENCY = 10;
const MOST_CONCURRENT = 1_000;

const PLAIN: ParsedStepOptions = {
  tries: 1,
  backoff: DEFAULT_BACKOFF,
  timeout: null,
  optional: false,
  weight: null,
};

/** Checks the options of a step. @throws InvalidInput */
export function parseStepOptions(given: unknown): ParsedStepOptions {
  return given === undefined ? PLAIN : parse(fieldsOf("options", given, STEP_KEYS));
}

/** Checks the options of a step over items. @throws InvalidInput */
export function parseStepAllOptions(given: unknown = {}): ParsedStepAllOptions {
  const options = fieldsOf("options", given, ALL_KEYS);
  const { concurrency = DEFAULT_CONCURRENCY, key = null } = options;
  if (key !== null && typeof key !== "function") throw new InvalidInput("key", key, "a function of (item, index)");
  return {
    ...parse(options),
    concurrency: parseWhole("concurrency", concurrency, 1, MOST_CONCURRENT),
    key: key as ParsedStepAllOptions["key"],
  };
}

function parse({ retry, timeout, optional, weight }: Record<string, unknown>): ParsedStepOptions {
  const again = retry === undefined ? { tries: 1 } : fieldsOf("retry", retry, RETRY_KEYS);
  const { tries = DEFAULT_ATTEMPTS, backoff }: Record<string, unknown> = again;
  return {
    tries: parseWhole("retry.tries", tries, 1, MOST_ATTEMPTS),
    backoff: backoff === undefined ? DEFAULT_BACKOFF : parseBackoff("retry.backoff", backoff),
    timeout: timeout === undefined ? null : parsePositiveDuration("timeout", timeout),
    optional: optional === undefined ? false : parseFlag("optional", optional),
    weight: weight === undefined ? null : parseWeight("weight", weight),
  };
}

function fieldsOf(field: string, value: unknown, known: readonly string[]): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidInput(field, value, `an object of ${known.join(", ")}`);
  }
  const options: Record<string, unknown> = { ...value };
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new InvalidInput(key, options[key], `no such option; known: ${known.join(", ")}`);
  }
  return options;
}
