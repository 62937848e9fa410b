/**
 * Fan-out over a list that is known only at run time: a job of the built-in task `longshore.each`, which any worker of
 * its queue runs. It makes a job of every item and ends when the last of them has. A reference to its result means the
 * list of their results, in order, with `null` for each item that did not succeed.
 */
import type { JobOptions } from "../options/options.js";
import type { Path } from "../value/path.js";

/** The prefix of built-in task names; an application may not define such a task. */
export const BUILT_IN = "longshore.";

/** The task of a fan-out job. */
export const EACH_TASK = `${BUILT_IN}each`;

/** Where the input of an item's job takes a value from the item. */
export interface EachTake {
  /** Where it goes; empty for the whole input. */
  readonly at: Path;
  /** Where it stands in the item; empty for the whole item. */
  readonly take: Path;
}

/** The input of a fan-out job. */
export interface EachInput {
  /** The task of the items' jobs, and their queue. */
  readonly task: string;
  readonly queue: string;
  /** The list; stored as `null` where it is taken from the result of another job. */
  readonly items: readonly unknown[] | null;
  /** The input of an item's job, with `null` where something is taken from the item. */
  readonly template: unknown;
  readonly takes: readonly EachTake[];
  /** The options of the items' jobs, those of their task included. */
  readonly options: JobOptions;
}

const INDEX = /^\d{5}$/;

/** The index of an item as it stands in ids and the names of nodes, so that they sort. */
export function itemKey(index: number): string {
  return String(index).padStart(5, "0");
}

/** The id of the job of an item. */
export function eachChildId(id: string, index: number): string {
  return `${id}.${itemKey(index)}`;
}

/** Is this the id of the job of an item? */
export function isEachChild(id: string, child: string): boolean {
  return child.startsWith(`${id}.`) && INDEX.test(child.slice(id.length + 1));
}
