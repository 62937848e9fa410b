/**
 * The steps a task declares, and how far a run is through them: pure arithmetic. Each step has a weight, its share of
 * the whole. Percent is the share of the weighted steps that is done, rounded down, never lower than before and never
 * 100: only the end of the job makes it 100.
 */
import { InvalidInput } from "../../errors/errors.js";
import { parseKey } from "../../value/name.js";

/** The names of steps and what each weighs. */
export type StepWeights = ReadonlyMap<string, number>;

/** The most percent a run can have before its end. */
export const NEARLY_ALL = 99;

// Sums of fractions such as 0.1 + 0.2 may come out a hair below the whole number they stand for.
const HAIR = 1e-9;

/** The most bytes the name of a step, sleep, milestone or counter may have. */
const LONGEST_NAME = 100;

/** Checks the name of a step, sleep, milestone or counter. @throws InvalidInput */
export function parseStepName(field: string, value: unknown): string {
  return parseKey(field, value, LONGEST_NAME);
}

/** Checks what a step weighs. @throws InvalidInput */
export function parseWeight(field: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) {
    throw new InvalidInput(field, value, "a number greater than 0");
  }
  return value;
}

/** Checks declared steps: a list of names, each of weight 1, or weights by name. @throws InvalidInput */
export function parseSteps(field: string, value: unknown): StepWeights {
  if (Array.isArray(value)) {
    const weights = new Map<string, number>();
    for (const [index, name] of value.entries()) {
      parseStepName(`${field}[${index}]`, name);
      if (weights.has(name)) throw new InvalidInput(`${field}[${index}]`, name, "each step once");
      weights.set(name, 1);
    }
    return weights;
  }
  if (typeof value !== "object" || value === null) {
    throw new InvalidInput(field, value, "a list of names, or weights by name such as {crawl: 1, analyse: 5}");
  }
  return new Map(
    Object.entries(value).map(([name, weight]) => [
      parseStepName(`${field}, the name of a step`, name),
      parseWeight(`${field}.${name}`, weight),
    ]),
  );
}

/** How far a run is through the steps of its job. */
export class StepTally {
  readonly #weights: Map<string, number>;
  readonly #reached = new Map<string, number>();
  readonly #ended = new Set<string>();
  #whole = 0;
  #sum = 0;
  #percent = 0;

  constructor(weights: StepWeights) {
    this.#weights = new Map(weights);
    for (const weight of weights.values()) this.#whole += weight;
  }

  /** The names of the steps. */
  get names(): string[] {
    return [...this.#weights.keys()];
  }

  /** How many steps there are. */
  get total(): number {
    return this.#weights.size;
  }

  /** How many have ended. */
  get done(): number {
    return this.#ended.size;
  }

  /** 0 to 99: never lower than it was. */
  get percent(): number {
    const share = this.#whole === 0 ? 0 : this.#sum / this.#whole;
    const now = Math.min(NEARLY_ALL, Math.floor(share * 100 + HAIR));
    this.#percent = Math.max(this.#percent, now);
    return this.#percent;
  }

  /** Is it one of the steps? */
  has(name: string): boolean {
    return this.#weights.has(name);
  }

  /** A step is done to this part: 0 to 1. */
  reach(name: string, fraction: number): void {
    const weight = this.#weights.get(name);
    if (weight === undefined) return;
    this.#sum += weight * (fraction - (this.#reached.get(name) ?? 0));
    this.#reached.set(name, fraction);
  }

  /** A step has ended. */
  end(name: string): void {
    if (!this.#weights.has(name)) return;
    this.reach(name, 1);
    this.#ended.add(name);
  }

  /** Replaces the weight of a step by one known only now. */
  weigh(name: string, weight: number): void {
    const before = this.#weights.get(name);
    if (before === undefined) return;
    this.#weights.set(name, weight);
    this.#whole += weight - before;
    this.#sum += (weight - before) * (this.#reached.get(name) ?? 0);
  }
}
