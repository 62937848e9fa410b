/** Runs the function of a flow and records its draft: the nodes, what each takes from others, and the result. */
import type { DependencyPolicy } from "../../model/job/dependency.js";
import { InvalidInput } from "../../model/errors/errors.js";
import type { EachTake } from "../../model/flow/each.js";
import { checkPlan } from "../../model/flow/plan.js";
import { parseName } from "../../model/value/name.js";
import { pathText, type Path } from "../../model/value/path.js";
import { isThenable } from "../../model/value/thenable.js";
import type { AnyTask } from "../../define/task.js";
import { isTask } from "../../define/is-task.js";
import type { AnyFlow, FlowBuilder } from "../../define/flow.js";
import { templateOf, type Hole } from "./flow-template.js";
import { parseNodeOptions, type ParsedNodeOptions } from "../../define/node-options.js";
import { makeReference, placeOf, placeText, type Place, type Reference } from "../../define/flow-reference.js";

/** A value that a node, or the flow's result, takes from the result of a node. */
export interface DraftReference {
  readonly at: Path;
  readonly from: DraftNode;
  readonly take: Path;
}

/** A node as the function of the flow defined it. */
export interface DraftNode {
  readonly name: string;
  readonly task: AnyTask | string;
  /** The input of its job, or with `each` that of the items' jobs; `null` in the places of references. */
  readonly input: unknown;
  readonly references: readonly DraftReference[];
  /** The parts of an item that its job's input takes; `null` for a node that is one job. */
  readonly each: readonly EachTake[] | null;
  readonly options: ParsedNodeOptions;
}

/** The dependencies of a node, each with what happens to the node when it does not succeed. */
export type DraftEdges = ReadonlyMap<DraftNode, DependencyPolicy>;

/**
 * A flow as its function defined it, its shape checked: only the options and inputs of its jobs are still unchecked.
 */
export interface Draft {
  readonly nodes: ReadonlyMap<DraftNode, DraftEdges>;
  readonly result: { readonly value: unknown; readonly references: readonly DraftReference[] };
}

/** Runs the function of a flow. @throws InvalidInput, and what the function throws */
export function draftOf(flow: AnyFlow, input: unknown): Draft {
  const book = new DraftBook(flow.name);
  const returned = flow.build(book.builder(input) as FlowBuilder<never>);
  book.close();
  if (placeOf(returned) === null && isThenable(returned)) {
    // Without this a rejection would be unhandled.
    returned.then(undefined, () => {});
    const rule = "a function that is not asynchronous: it writes the flow down at once, and runs none of it";
    throw new InvalidInput(flow.name, "a promise", rule);
  }
  const nodes = book.connected();
  checkPlan(
    flow.name,
    [...nodes].map(([{ name }, edges]) => ({ name, after: [...edges.keys()].map((before) => before.name) })),
  );
  const { value, holes } = templateOf(returned);
  const references = holes.map((hole) => book.referenceOf(pathText(`${flow.name}.result`, hole.at), hole));
  return { nodes, result: { value: value ?? null, references } };
}

/** The longest name of a node, and how many of its characters are reserved for a number. */
const LONGEST_NAME = 100;
const NUMBER = 6;

/** A node before its input is known. */
type Begun = Pick<DraftNode, "name" | "task" | "options">;

class DraftBook {
  readonly #flow: string;
  readonly #nodes = new Map<string, DraftNode>();
  /** How many nodes of a task were named after it. */
  readonly #numbers = new Map<string, number>();
  /** The sources of references to items of lists. */
  readonly #items = new Set<object>();
  #open = true;

  constructor(flow: string) {
    this.#flow = flow;
  }

  /** The argument of the flow's function. */
  builder(input: unknown): unknown {
    const add = (task: unknown, given?: unknown, options?: unknown) => this.#addJob(this.#begin(task, options), given);
    const each = (task: unknown, list: unknown, make: unknown, options?: unknown) =>
      this.#addEach(this.#begin(task, options), list, make);
    return Object.assign(add, { input, each });
  }

  /** No node is added after the function has returned. */
  close(): void {
    this.#open = false;
  }

  /** The nodes with the dependencies of each. @throws InvalidInput */
  connected(): Map<DraftNode, DraftEdges> {
    return new Map([...this.#nodes.values()].map((node) => [node, this.#edgesOf(node)]));
  }

  /**
   * The reference for a hole; `field` is its name in errors. @throws InvalidInput for a reference that is not of this
   * flow
   */
  referenceOf(field: string, { at, place }: Hole): DraftReference {
    return { at, from: this.#nodeOf(field, place), take: place.path };
  }

  #begin(task: unknown, given: unknown): Begun {
    if (!this.#open) throw new InvalidInput(this.#flow, "a call of $", "only while the function of the flow runs");
    const name = typeof task === "string" ? parseName(`${this.#flow}.task`, task) : isTask(task) ? task.name : null;
    if (name === null) throw new InvalidInput(`${this.#flow}.task`, task, "a task, or the name of one");
    const options = inside(`${this.#flow}.${name}`, () => parseNodeOptions(given));
    if (options.name !== null && this.#nodes.has(options.name)) {
      throw new InvalidInput(`${this.#flow}.${name}.name`, options.name, "a name that no other node of the flow has");
    }
    return { name: options.name ?? this.#nameAfter(name), task: task as AnyTask | string, options };
  }

  #addJob(begun: Begun, given: unknown): Reference<unknown> {
    const { value, holes } = templateOf(given);
    const field = `${this.#flow}.${begun.name}.input`;
    const references = holes.map((hole) => this.referenceOf(pathText(field, hole.at), hole));
    return this.#add({ ...begun, input: value, references, each: null });
  }

  #addEach(begun: Begun, list: unknown, make: unknown): Reference<unknown> {
    const field = `${this.#flow}.${begun.name}`;
    const place = placeOf(list);
    if (place === null) {
      const rule =
        "a reference to a list: what $ answered, or a part of it; over a list that is known now, call $ in a loop";
      throw new InvalidInput(`${field}.list`, list, rule);
    }
    if (typeof make !== "function")
      throw new InvalidInput(`${field}.input`, make, "a function of a reference to an item");
    const items = this.referenceOf(`${field}.list`, { at: ["items"], place });
    const source = {};
    this.#items.add(source);
    const { value, holes } = templateOf(make(makeReference({ source, name: "item", path: [] })));
    const references = [items];
    const takes: EachTake[] = [];
    for (const hole of holes) {
      if (hole.place.source === source) {
        takes.push({ at: hole.at, take: hole.place.path });
      } else {
        const reference = this.referenceOf(pathText(`${field}.input`, hole.at), hole);
        references.push({ ...reference, at: ["template", ...hole.at] });
      }
    }
    return this.#add({ ...begun, input: value, references, each: takes });
  }

  #add(node: DraftNode): Reference<unknown> {
    // The function of an item may have added a node of the same name.
    if (this.#nodes.has(node.name)) {
      throw new InvalidInput(`${this.#flow}.name`, node.name, "a name that no other node of the flow has");
    }
    this.#nodes.set(node.name, node);
    return makeReference({ source: node, name: node.name, path: [] });
  }

  #edgesOf({ name, references, options }: DraftNode): DraftEdges {
    const before = references.map(({ from }) => from);
    for (const [index, one] of options.after.entries()) {
      const field = `${this.#flow}.${name}.after[${index}]`;
      const place = placeOf(one);
      const node = place !== null ? this.#nodeOf(field, place) : this.#nodes.get(typeof one === "string" ? one : "");
      if (node === undefined) throw new InvalidInput(field, one, "a node of this flow: what $ answered, or its name");
      before.push(node);
    }
    return new Map(before.map((node) => [node, options.ifFailed ?? (node.options.optional ? "continue" : "fail")]));
  }

  #nodeOf(field: string, place: Place): DraftNode {
    if (this.#items.has(place.source)) {
      throw new InvalidInput(field, placeText(place), "an item stands only in what its own $.each makes of it");
    }
    const node = this.#nodes.get(place.name);
    if (node === undefined || node !== place.source) {
      throw new InvalidInput(field, placeText(place), "a reference that this flow's $ answered, not another's");
    }
    return node;
  }

  #nameAfter(task: string): string {
    let name = task;
    while (this.#nodes.has(name)) {
      const number = (this.#numbers.get(task) ?? 1) + 1;
      this.#numbers.set(task, number);
      name = `${task.slice(0, LONGEST_NAME - NUMBER)}-${number}`;
    }
    return name;
  }
}

/** Runs a check of a part: its errors name the part. */
export function inside<T>(part: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof InvalidInput ? error.within(part) : error;
  }
}
