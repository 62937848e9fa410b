/**
 * The graph of a flow as a tree: a job is drawn under the last of its dependencies, and referred to under the others.
 * When one node added many jobs, the ones without success are shown and the rest are counted.
 */
import { isSuccess } from "../../model/job/dependency.js";
import type { FlowGraph, FlowNode } from "../../model/flow/graph.js";
import { FlowTree, type FlowBranch } from "../../model/flow/tree.js";
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

type Child = FlowBranch | { readonly rest: readonly FlowNode[] };

/** The lines of the tree. `all`: every job has a line. */
export function treeOf(graph: FlowGraph, all: boolean): TreeRow[] {
  const tree = new FlowTree(graph);
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
    else if (child.isReference) rows.push({ branch, kind: "reference", name: child.node.node });
    else {
      rows.push({ branch, kind: "node", node: child.node });
      push(childrenOf(tree, child.node, all), indent, false);
    }
  }
  return rows;
}

/** At greater depth only the last branches are drawn. */
function cut(indent: string): string {
  return indent.length <= WIDEST ? indent : `…${indent.slice(1 - WIDEST)}`;
}

/** What stands under a node; of many jobs that it added only those without success, and the rest together. */
function childrenOf(tree: FlowTree, node: FlowNode, all: boolean): Child[] {
  const added = tree.addedBy(node);
  const followers = tree.followersOf(node);
  if (all || added.length <= MOST_SHOWN) return [...added, ...followers];
  const lost = added.filter((one) => isTerminal(one.node.state) && !isSuccess(one.node.state)).slice(0, MOST_SHOWN);
  const shown = new Set(lost);
  return [...lost, { rest: added.filter((one) => !shown.has(one)).map((one) => one.node) }, ...followers];
}

/** How many jobs are in each state, in words: `5 completed, 1 active`. */
export function statesText(nodes: readonly FlowNode[]): string {
  return STATES.map((state) => [nodes.filter((node) => node.state === state).length, state] as const)
    .filter(([count]) => count > 0)
    .map(([count, state]) => `${count} ${state}`)
    .join(", ");
}
