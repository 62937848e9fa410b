/** What enqueueing takes. */
import type { EnqueueOptions } from "./spec.js";

/** What follows the task or flow in a call of `enqueue`: the input may be left out where it takes none. */
export type EnqueueArguments<Input, Options = EnqueueOptions> = undefined extends Input
  ? [input?: Input, options?: Options]
  : [input: Input, options?: Options];

/** One job of many: its input alone, or with options of its own. */
export type ManyItem<Input> = Input | { readonly input: Input; readonly options: EnqueueOptions };

/** Does it have options of its own? */
export function isItem(item: unknown): item is { input: unknown; options: EnqueueOptions } {
  if (typeof item !== "object" || item === null) return false;
  return "options" in item && "input" in item && Object.keys(item).length === 2;
}
