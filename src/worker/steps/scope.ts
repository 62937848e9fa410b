/**
 * One try of a step or item: what its code is given, what it counts, how far it says it is. While the code runs the scope
 * can be found from everything it calls and awaits, so that `progress` and `count` know where they are.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { ActiveStep } from "./active-step.js";
import type { TakenName } from "./step-names.js";
import type { StepScope } from "../../define/step.js";

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
  /** The names its code took for steps of its own. */
  readonly names: TakenName[] = [];
  /** Is the try over? What code says that goes on after its timeout is not heard. */
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

/** The scope the code runs in, when it belongs to this run. */
export function scopeOf(owner: object): Scope | null {
  const scope = scopes.getStore();
  // A step that enqueues may wake the code of another run, and its scope goes along.
  return scope?.owner === owner ? scope : null;
}
