/**
 * The order in which a worker claims from its queues. A list is strict: a later queue is served only when those before
 * it are empty. With weights the order is drawn anew for each claim, so that each queue comes first in proportion to
 * its weight.
 */
import type { Random } from "../../model/value/clock.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { parseOwnName } from "../../model/value/name.js";

/** A list is strict order; an object gives each queue a weight above 0: `{ high: 3, low: 1 }`. */
export type QueueOrder = readonly string[] | { readonly [queue: string]: number };

/** The most queues one worker serves. */
const MOST_QUEUES = 100;

/** The queues of a worker, and their order for the next claim. */
export interface ParsedOrder {
  readonly names: readonly string[];
  /** The order for one claim. */
  draw(random: Random): readonly string[];
}

/** Checks the order of queues. @throws InvalidInput */
export function parseOrder(field: string, order: QueueOrder): ParsedOrder {
  if (typeof order !== "object" || order === null) {
    throw new InvalidInput(field, order, "a list of queue names, or an object of weights");
  }
  const weighted = Array.isArray(order) ? order.map((name: unknown) => [name, 1] as const) : Object.entries(order);
  const weights = new Map<string, number>();
  for (const [name, weight] of weighted) {
    if (typeof weight !== "number" || !(weight > 0 && weight <= 1_000_000)) {
      throw new InvalidInput(`${field}.${String(name)}`, weight, "a weight above 0, at most 1000000");
    }
    weights.set(parseOwnName(field, name), weight);
  }
  const names = [...weights.keys()];
  if (names.length === 0 || names.length > MOST_QUEUES) {
    throw new InvalidInput(field, order, `1 to ${MOST_QUEUES} queues`);
  }
  if (Array.isArray(order) || names.length === 1) return { names, draw: () => names };
  return { names, draw: (random) => drawOrder(weights, random) };
}

/** Draws all queues without replacement, each time with a probability in proportion to its weight. */
function drawOrder(weights: ReadonlyMap<string, number>, random: Random): string[] {
  // The exponential race: the smallest of -ln(u)/weight wins with probability weight/sum (Efraimidis and Spirakis,
  // 2006).
  return [...weights]
    .map(([name, weight]) => ({ name, time: -Math.log(1 - random()) / weight }))
    .toSorted((a, b) => a.time - b.time)
    .map(({ name }) => name);
}
