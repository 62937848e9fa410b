/** One live job per key: what `unique` means, as users write it and as it is stored. */
import { parsePositiveDuration, type Duration } from "../value/duration.js";
import { InvalidInput } from "../errors/errors.js";
import { parseKey } from "../value/name.js";

/** Uniqueness as users write it. */
export interface UniqueOption {
  /** Jobs of one queue with the same key are the same. Up to 256 bytes. */
  key: string;
  /**
   * How long the key belongs to the job: until it has `"started"` or `"finished"`, or for a duration from enqueueing,
   * whatever happens to the job meanwhile. Default: `"finished"`.
   */
  until?: "started" | "finished" | Duration;
  /**
   * The answer to a second job: `"join"` answers the first one, `"reject"` throws `UniqueConflict`, `"replace"` gives
   * the first one its own input while it waits (and answers it, as `"join"` does). Default: `"join"`; with `debounce`:
   * `"replace"`.
   */
  onConflict?: "join" | "reject" | "replace";
  /** At most one job in this time: short for `until: throttle`. Later ones within it are answered with the first. */
  throttle?: Duration;
  /**
   * Wait for quiet: the job runs when no other with its key came for this long, with the input of the last. Short for
   * `until: "started", onConflict: "replace"` and a delay that starts anew with each.
   */
  debounce?: Duration;
  /** The longest a `debounce` may go on, from the first job. Default: for as long as others come. */
  maxWait?: Duration;
}

/** Uniqueness as it is stored. */
export interface Unique {
  readonly key: string;
  /** A number is milliseconds from enqueueing. */
  readonly until: "started" | "finished" | number;
  readonly onConflict: "join" | "reject" | "replace";
  /** Absent without a debounce. */
  readonly debounce?: Debounce;
}

/** How long a job waits for quiet, in milliseconds. */
export interface Debounce {
  /** Without another of its key, before it runs. */
  readonly wait: number;
  /** At most, from its creation; `null` for no bound. */
  readonly most: number | null;
}

const KNOWN = ["key", "until", "onConflict", "throttle", "debounce", "maxWait"];
const RULE = "{key, until?, onConflict?, throttle?, debounce?, maxWait?}";

/** Checks uniqueness as users write it. @throws InvalidInput */
export function parseUnique(field: string, value: unknown): Unique {
  if (typeof value !== "object" || value === null) throw new InvalidInput(field, value, RULE);
  const option: Record<string, unknown> = { ...value };
  for (const key of Object.keys(option)) {
    if (!KNOWN.includes(key)) throw new InvalidInput(`${field}.${key}`, option[key], `no such option; ${RULE}`);
  }
  const { throttle, debounce, maxWait } = option;
  if (maxWait !== undefined && debounce === undefined) {
    throw new InvalidInput(`${field}.maxWait`, maxWait, "only with debounce");
  }
  const key = parseKey(`${field}.key`, option["key"]);
  if (throttle !== undefined) {
    refuseBeside(field, option, "throttle", ["until", "debounce"]);
    const until = parsePositiveDuration(`${field}.throttle`, throttle);
    return { key, until, onConflict: parseConflict(field, option["onConflict"], "join") };
  }
  if (debounce !== undefined) {
    refuseBeside(field, option, "debounce", ["until", "onConflict"]);
    const wait = parsePositiveDuration(`${field}.debounce`, debounce);
    const most = maxWait === undefined ? null : parsePositiveDuration(`${field}.maxWait`, maxWait);
    if (most !== null && most < wait)
      throw new InvalidInput(`${field}.maxWait`, maxWait, "at least as long as debounce");
    return { key, until: "started", onConflict: "replace", debounce: { wait, most } };
  }
  const until = option["until"] ?? "finished";
  return {
    key,
    until: until === "started" || until === "finished" ? until : parsePositiveDuration(`${field}.until`, until),
    onConflict: parseConflict(field, option["onConflict"], "join"),
  };
}

function refuseBeside(field: string, option: Record<string, unknown>, one: string, others: readonly string[]): void {
  for (const other of others) {
    if (option[other] !== undefined) {
      throw new InvalidInput(`${field}.${other}`, option[other], `not beside ${one}, which says it already`);
    }
  }
}

function parseConflict(field: string, value: unknown, otherwise: Unique["onConflict"]): Unique["onConflict"] {
  if (value === undefined) return otherwise;
  if (value !== "join" && value !== "reject" && value !== "replace") {
    throw new InvalidInput(`${field}.onConflict`, value, '"join", "reject" or "replace"');
  }
  return value;
}
