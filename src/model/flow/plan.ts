/** The plan of a flow: its nodes and what each waits for, checked before anything of it is enqueued. */
import { MOST_DEPENDENCIES } from "../job/dependency.js";
import { InvalidInput } from "../errors/errors.js";
import { MOST_MEMBERS } from "../job/membership.js";
import { levelsOf } from "../value/levels.js";

/** A node, reduced to the shape of the flow. */
export interface PlannedNode {
  readonly name: string;
  /** The names of the nodes it waits for. */
  readonly after: readonly string[];
}

/** The longest chain of nodes that wait for each other. */
export const MOST_LEVELS = 1_000;

/**
 * Checks that a flow can run: it has nodes, every name it uses exists, nothing waits in a circle, and it is within the
 * limits. The nodes have different names.
 * @throws InvalidInput
 */
export function checkPlan(flow: string, nodes: readonly PlannedNode[]): void {
  if (nodes.length === 0) throw new InvalidInput(flow, "no node", "a flow has at least one node: call $(task, input)");
  if (nodes.length > MOST_MEMBERS) {
    const rule = `at most ${MOST_MEMBERS} nodes; $.each(task, list, …) makes jobs while the flow runs, within the same limit`;
    throw new InvalidInput(flow, `${nodes.length} nodes`, rule);
  }
  const byName = new Map(nodes.map((node) => [node.name, node]));
  for (const { name, after } of nodes) {
    if (after.length > MOST_DEPENDENCIES) {
      const rule = `a node waits for at most ${MOST_DEPENDENCIES} others; to collect the results of a list use $.each(task, list, …)`;
      throw new InvalidInput(`${flow}.${name}`, `${after.length} nodes before it`, rule);
    }
    for (const other of after) {
      if (!byName.has(other)) throw new InvalidInput(`${flow}.${name}.after`, other, "the name of a node of this flow");
    }
  }
  const { levels, circular } = levelsOf(nodes, ({ after }) => after.flatMap((name) => byName.get(name) ?? []));
  const [first] = circular;
  if (first !== undefined) {
    throw new InvalidInput(
      `${flow}.${first.name}.after`,
      circle(byName, circular),
      "nodes that do not wait in a circle",
    );
  }
  if (levels.length > MOST_LEVELS) {
    throw new InvalidInput(flow, `${levels.length} nodes in a row`, `at most ${MOST_LEVELS} that wait for each other`);
  }
}

/** The names of a circle: `a → b → a`. Each of `nodes` is in a circle, or waits for one that is. */
function circle(byName: ReadonlyMap<string, PlannedNode>, nodes: readonly PlannedNode[]): string {
  const among = new Set(nodes);
  const path: string[] = [];
  let at = nodes[0];
  while (at !== undefined && !path.includes(at.name)) {
    path.push(at.name);
    at = at.after.flatMap((name) => byName.get(name) ?? []).find((node) => among.has(node));
  }
  return at === undefined ? path.join(" → ") : [...path.slice(path.indexOf(at.name)), at.name].join(" → ");
}
