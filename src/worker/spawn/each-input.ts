/**
 * The input of the built-in task `longshore.each`: a list of items, and the template for the input of each item's job.
 */
import { InvalidInput } from "../../model/errors/errors.js";
import { MOST_MEMBERS } from "../../model/job/membership.js";
import { eachChildId, itemKey, type EachInput } from "../../model/flow/each.js";
import { ReferenceNotFound } from "../../model/flow/dependency-errors.js";
import { parseName, parseOwnName } from "../../model/value/name.js";
import { pathText, putAt, takeAt } from "../../model/value/path.js";
import type { SpawnedItem } from "./results.js";

/** The parsed input: the task and the items' jobs. */
export interface ParsedEach {
  readonly task: string;
  readonly queue: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly items: readonly SpawnedItem[];
}

/**
 * Checks the input of such a job, and makes the inputs of its items' jobs.
 * @throws InvalidInput; ReferenceNotFound when an item lacks a place that the template takes
 */
export function parseEach(id: string, input: unknown): ParsedEach {
  const { task: name, queue, items, template, takes, options } = fieldsOf(input);
  if (!Array.isArray(items)) throw new InvalidInput("items", items, "a list: there is one job for each of its items");
  if (items.length > MOST_MEMBERS) {
    throw new InvalidInput("items", items.length, `a list of at most ${MOST_MEMBERS} items`);
  }
  return {
    task: parseName("task", name),
    queue: parseOwnName("queue", queue),
    options: { ...options },
    items: items.map((item: unknown, index) => {
      const key = itemKey(index);
      return { item, input: inputOf(template, takes, item, index), key, id: eachChildId(id, index), node: key };
    }),
  };
}

function inputOf(template: unknown, takes: EachInput["takes"], item: unknown, index: number): unknown {
  let input = structuredClone(template);
  for (const { at, take } of takes) {
    const found = takeAt(item, take);
    if (found === null) throw new ReferenceNotFound(`${pathText(`items[${index}]`, take)} is no place in that item`);
    const put = putAt(input, at, found.value);
    if (put === null) throw new ReferenceNotFound(`${pathText("template", at)} is no place in the template`);
    input = put.whole;
  }
  return input;
}

function fieldsOf(input: unknown): EachInput {
  if (typeof input !== "object" || input === null)
    throw new InvalidInput("input", input, "what a flow stores for $.each");
  const { takes, options } = input as EachInput;
  if (!Array.isArray(takes)) throw new InvalidInput("takes", takes, "a list of {at, take}");
  if (typeof options !== "object" || options === null)
    throw new InvalidInput("options", options, "an object of options");
  return input as EachInput;
}
