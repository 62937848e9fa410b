/** The graph of a flow as a tree: a job stands under the node that added it, else under the last of its dependencies, and is referred to under the others. */
import { keyOf } from "../job/job-ref.js";
import type { FlowGraph, FlowNode } from "./graph.js";

/** What stands under a node: a job, or the mention of one that waits for it, too, and stands elsewhere. */
export type FlowBranch = { readonly node: FlowNode; readonly isReference: boolean };

/** A line of the tree, in the order in which it is read. */
export interface FlowTreeRow extends FlowBranch {
  /** How far in it stands: 0 for a job that waits for none. */
  readonly depth: number;
}

/** The tree of a flow. */
export class FlowTree {
  readonly roots: readonly FlowBranch[];
  readonly #added = new Map<FlowNode, FlowBranch[]>();
  readonly #followers = new Map<FlowNode, FlowBranch[]>();

  constructor({ nodes, edges }: FlowGraph) {
    const roots: FlowBranch[] = [];
    const byRef = new Map(nodes.map((node) => [keyOf(node), node]));
    const byName = new Map(nodes.map((node) => [node.node, node]));
    const place = new Map(nodes.map((node, index) => [node, index]));
    const before = new Map<FlowNode, FlowNode[]>();
    for (const { from, to } of edges) {
      const [first, second] = [byRef.get(keyOf(from)), byRef.get(keyOf(to))];
      if (first !== undefined && second !== undefined) append(before, second, first);
    }
    for (const node of nodes) {
      const parent = node.parent === null ? undefined : byName.get(node.parent);
      const waitedFor = (before.get(node) ?? []).sort((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0));
      const under = parent ?? waitedFor.at(-1);
      const branch = { node, isReference: false };
      if (parent !== undefined) append(this.#added, parent, branch);
      else if (under !== undefined) append(this.#followers, under, branch);
      else roots.push(branch);
      for (const other of waitedFor) if (other !== under) append(this.#followers, other, { node, isReference: true });
    }
    this.roots = roots;
  }

  /** The jobs that a node added. */
  addedBy(node: FlowNode): readonly FlowBranch[] {
    return this.#added.get(node) ?? [];
  }

  /** The jobs that wait for a node, and are not among those. */
  followersOf(node: FlowNode): readonly FlowBranch[] {
    return this.#followers.get(node) ?? [];
  }

  /** All lines. */
  rows(): FlowTreeRow[] {
    const rows: FlowTreeRow[] = [];
    // The next one last: chains may be long, so this keeps its own stack.
    const open = this.roots.toReversed().map((branch) => ({ ...branch, depth: 0 }));
    for (let row = open.pop(); row !== undefined; row = open.pop()) {
      rows.push(row);
      if (row.isReference) continue;
      const depth = row.depth + 1;
      const under = [...this.addedBy(row.node), ...this.followersOf(row.node)];
      for (const branch of under.toReversed()) open.push({ ...branch, depth });
    }
    return rows;
  }
}

function append<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
