/**
 * A step in flight, and the scope of one try of it or of an item: what its code receives, what it counts, how far it
 * is. While the code runs the scope is in an `AsyncLocalStorage`, so that `progress` and `count` know where they are
 * called from.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { ItemProgress } from "../../model/job/progress.js";
import type { TakenName } from "./step-names.js";
import type { StepScope } from "../../define/step.js";

/** A step that has begun and not ended. */
export interface ActiveStep {
  readonly name: string;
  ended: boolean;
  /** The items it works on; for a plain step, what its code reported. */
  items: ItemProgress | null;
  /** The progress of the items in flight, summed up; each counts 0 to 1. */
  inner: number;
}

export class Scope implements StepScope {
  readonly tryNumber: number;
  readonly step: ActiveStep;
  /** The run whose step it is. */
  readonly owner: object;
  /** Is it one of several items of the step? */
  readonly isItem: boolean;
  readonly counters = new Map<string, number>();
  /** How far an item is, 0 to 1. */
  reached = 0;
  /** The names that its code has taken for steps within. */
  readonly names: TakenName[] = [];
  /** Is the try over? Reports of code that goes on after its timeout are ignored. */
  over = false;
  readonly #signal: () => AbortSignal;

  constructor(owner: object, step: ActiveStep, isItem: boolean, attempt: number, signal: () => AbortSignal) {
    this.owner = owner;
    this.step = step;
    this.isItem = isItem;
    this.tryNumber = attempt;
    this.#signal = signal;
  }

  get signal(): AbortSignal {
    return this.#signal();
  }
}

const scopes = new AsyncLocalStorage<Scope>();

/** Runs the code of a step in its scope. */
export function inScope<T>(scope: Scope, code: (scope: Scope) => T): T {
  return scopes.run(scope, code, scope);
}

/** The current scope, if it belongs to this run. */
export function scopeOf(owner: object): Scope | null {
  const scope = scopes.getStore();
  // A step that enqueues may start the code of another run, which then inherits the scope.
  return scope?.owner === owner ? scope : null;
}
