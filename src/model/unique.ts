/** One live job per key: what `unique` means, as users write it and as it is stored. */
import { parsePositiveDuration, type Duration } from "./duration.js";
import { InvalidInput } from "./errors.js";
import { parseKey } from "./name.js";

/** Uniqueness as users write it. */
export interface UniqueOption {
  /** Jobs of one queue with the same key are the same. Up to 256 bytes. */
  key: string;
  /**
   * How long the key is held: until the job `"started"` or `"finished"`, or for a duration from enqueueing, whatever
   * becomes of the job meanwhile. Default: `"finished"`.
   */
  until?: "started" | "finished" | Duration;
  /** What a second job meets: `"join"` answers the first one, `"reject"` throws `UniqueConflict`. Default: `"join"`. */
  then?: "join" | "reject";
}

/** Uniqueness as it is stored. */
export interface Unique {
  readonly key: string;
  /** A number is milliseconds from enqueueing. */
  readonly until: "started" | "finished" | number;
  readonly then: "join" | "reject";
}

/** Checks uniqueness as users write it. @throws InvalidInput */
export function parseUnique(field: string, value: unknown): Unique {
  if (typeof value !== "object" || value === null) throw new InvalidInput(field, value, "{key, until?, then?}");
  const option: Record<string, unknown> = { ...value };
  for (const key of Object.keys(option)) {
    if (!["key", "until", "then"].includes(key)) {
      throw new InvalidInput(`${field}.${key}`, option[key], "no such option; {key, until?, then?}");
    }
  }
  const until = option["until"] ?? "finished";
  const then = option["then"] ?? "join";
  if (then !== "join" && then !== "reject") throw new InvalidInput(`${field}.then`, then, '"join" or "reject"');
  return {
    key: parseKey(`${field}.key`, option["key"]),
    until: until === "started" || until === "finished" ? until : parsePositiveDuration(`${field}.until`, until),
    then,
  };
}
