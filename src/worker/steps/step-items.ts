/** The items of a `step.all`, each with the key by which later runs recognize it. */
import { InvalidInput } from "../../model/errors/errors.js";
import { parseKey } from "../../model/value/name.js";
import type { ParsedStepAllOptions } from "./step-options.js";

/** An item and its key. */
export interface StepItem {
  readonly item: unknown;
  readonly key: string;
  readonly index: number;
}

/** The most bytes of an item's key: enough for most URLs. */
export const LONGEST_KEY = 1_024;

/**
 * Gives each item its key. `field` is the name of the list in errors.
 * @throws InvalidInput for an item without a key, or with the key of another item
 */
export function keyItems(items: unknown, key: ParsedStepAllOptions["key"], field = "items"): StepItem[] {
  if (!Array.isArray(items)) throw new InvalidInput(field, items, "a list");
  const taken = new Set<string>();
  return items.map((item: unknown, index) => {
    const given = key === null ? item : key(item, index);
    if (typeof given !== "string" && typeof given !== "number") {
      const rule = key === null ? "a string or number; for other items give the option key" : "a string or number";
      throw new InvalidInput(`key of ${field}[${index}]`, given, rule);
    }
    const own = parseKey(`key of ${field}[${index}]`, String(given), LONGEST_KEY);
    if (taken.has(own)) throw new InvalidInput(`key of ${field}[${index}]`, own, "a key that no other item has");
    taken.add(own);
    return { item, key: own, index };
  });
}
