/**
 * The graph of a flow as a tree: a job is drawn under the last of its dependencies, and referred to under the others.
 * When one node added many jobs, the ones without success are shown and the rest are counted.
 */
import { isSuccess } from "../../model/job/dependency.js";
import type { FlowGraph, FlowNode } from "../../model/flow/graph.js";
import { keyOf } from "../../model/job/job.js";
import { isTerminal, STATES } from "../../model/job/state.js";

/** A line of the tree, behind the branches that lead to it. */
export type TreeRow =
  | { readonly branch: string; readonly kind: "node"; readonly node: FlowNode }
  /** A job drawn elsewhere that waits for the one above too. */
  | { readonly branch: string; readonly kind: "reference"; readonly name: string }
  /** Jobs that are only counted. */
  | { readonly branch: string; readonly kind: "rest"; readonly nodes: readonly FlowNode[] };

/** The most jobs added by one node that are shown one by one. */
const MOST_SHOWN = 10;

/** The most characters in front of a branch. */
const WIDEST = 45;

type Child = FlowNode | { readonly referred: FlowNode } | { readonly rest: readonly FlowNode[] };

/** The lines of the tree. `all`: every job has a line. */
export function treeOf(graph: FlowGraph, all: boolean): TreeRow[] {
  const tree = new Tree(graph);
  const rows: TreeRow[] = [];
  // The nodes still to draw, the next last: chains may be long, so this keeps its own stack.
  const open: { child: Child; branch: string; indent: string }[] = [];
  const push = (children: readonly Child[], indent: string, root: boolean): void => {
    for (const [index, child] of children.toReversed().entries()) {
      const last = index === 0;
      const branch = root ? "" : `${indent}${last ? "└─ " : "├─ "}`;
      open.push({ child, branch, indent: root ? "" : cut(`${indent}${last ? "   " : "│  "}`) });
    }
  };
  push(tree.roots, "", true);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { child, branch, indent } = next;
    if ("rest" in child) rows.push({ branch, kind: "rest", nodes: child.rest });
    else if ("referred" in child) rows.push({ branch, kind: "reference", name: child.referred.node });
    else {
      rows.push({ branch, kind: "node", node: child });
      push(tree.childrenOf(child, all), indent, false);
    }
  }
  return rows;
}

/** At greater depth only the last branches are drawn. */
function cut(indent: string): string {
  return indent.length <= WIDEST ? indent : `…${indent.slice(1 - WIDEST)}`;
}

class Tree {
  readonly roots: FlowNode[] = [];
  readonly #added = new Map<FlowNode, FlowNode[]>();
  readonly #followers = new Map<FlowNode, (FlowNode | { readonly referred: FlowNode })[]>();

  constructor({ nodes, edges }: FlowGraph) {
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
      if (parent !== undefined) append(this.#added, parent, node);
      else if (under !== undefined) append(this.#followers, under, node);
      else this.roots.push(node);
      for (const other of waitedFor) if (other !== under) append(this.#followers, other, { referred: node });
    }
  }

  childrenOf(node: FlowNode, all: boolean): Child[] {
    const added = this.#added.get(node) ?? [];
    const followers = this.#followers.get(node) ?? [];
    if (all || added.length <= MOST_SHOWN) return [...added, ...followers];
    const lost = added.filter(({ state }) => isTerminal(state) && !isSuccess(state)).slice(0, MOST_SHOWN);
    const shown = new Set(lost);
    return [...lost, { rest: added.filter((one) => !shown.has(one)) }, ...followers];
  }
}

/** How many jobs are in each state, in words: `5 completed, 1 active`. */
export function statesText(nodes: readonly FlowNode[]): string {
  return STATES.map((state) => [nodes.filter((node) => node.state === state).length, state] as const)
    .filter(([count]) => count > 0)
    .map(([count, state]) => `${count} ${state}`)
    .join(", ");
}

function append<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
