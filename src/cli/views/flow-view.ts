/** One flow in full, for people: its state, and its jobs as a tree. */
import { isSuccess } from "../../model/job/dependency.js";
import type { FlowGraph, FlowNode } from "../../model/flow/graph.js";
import { isTerminal } from "../../model/job/state.js";
import { jobCount } from "../flags/filters.js";
import { statesText, treeOf, type TreeRow } from "./flow-tree.js";
import { countersText, progressText, stateStyle } from "./job-table.js";
import type { Output } from "../terminal/output.js";
import { paint, type Part } from "../terminal/table.js";
import { span } from "../terminal/time-text.js";

/** Prints a flow. `all`: every job has its own line. */
export function printFlow(out: Output, graph: FlowGraph, all: boolean, now: number): void {
  const { flow, id, queue, state, progress, nodes, removed } = graph;
  out.line(paint("bold", flow), `  ${id}  `, paint(stateStyle(state), state));
  const field = (name: string, text: string): void => out.line("  ", paint("dim", name.padEnd(11)), text);
  field("queue", queue);
  field("progress", progressText(progress));
  const counted = countersText(progress);
  if (counted !== "") field("counted", counted);
  field("jobs", `${nodes.length}: ${statesText(nodes)}`);
  if (removed.length > 0) field("removed", jobCount(removed.length));
  out.line();
  out.table(
    [
      { title: "NODE" },
      { title: "TASK" },
      { title: "QUEUE" },
      { title: "STATE" },
      { title: "DONE", align: "right" },
      { title: "TOOK", align: "right" },
      { title: "" },
    ],
    treeOf(graph, all).map((row) => cellsOf(row, now)),
  );
}

function cellsOf(row: TreeRow, now: number): Part[] {
  if (row.kind === "reference") return [`${row.branch}↑ ${row.name}`];
  if (row.kind === "rest") {
    return [`${row.branch}… ${row.nodes.length} more`, "", "", "", "", "", paint("dim", statesText(row.nodes))];
  }
  const { node } = row;
  return [
    `${row.branch}${node.node}`,
    node.task,
    node.queue,
    paint(stateStyle(node.state), node.state),
    node.startedAt === null && node.percent === 0 ? "" : `${node.percent} %`,
    node.startedAt === null ? "" : span((node.finishedAt ?? Math.max(now, node.startedAt)) - node.startedAt),
    remark(node),
  ];
}

function remark({ state, optional, attempt, attempts, error }: FlowNode): Part {
  const notes = [optional ? "optional" : "", attempt > 1 ? `run ${attempt} of ${attempts}` : ""].filter(
    (part) => part !== "",
  );
  if (error === null || isSuccess(state)) return paint("dim", notes.join(", "));
  const text = [...notes, `${error.name}: ${error.message}`].join(", ");
  return paint(isTerminal(state) ? "red" : "dim", text);
}

/** Prints the changes of a flow since the last read: a line for each job that moved. */
export function printFlowChanges(out: Output, before: FlowGraph, graph: FlowGraph, time: Part): void {
  for (const node of changedNodes(before, graph)) {
    const text = node.state === "active" && node.percent > 0 ? `${node.state} ${node.percent} %` : node.state;
    out.line(time, `  ${node.node}  `, paint(stateStyle(node.state), text));
  }
  if (graph.progress.percent !== before.progress.percent) out.line(time, `  ${progressText(graph.progress)}`);
  if (graph.state !== before.state) out.line(time, "  ", paint(stateStyle(graph.state), graph.state));
}

/** The jobs that are new, in another state, or further than at the last read. */
export function changedNodes(before: FlowGraph, graph: FlowGraph): FlowNode[] {
  const known = new Map(before.nodes.map((node) => [`${node.queue}/${node.id}`, node]));
  return graph.nodes.filter((node) => {
    const old = known.get(`${node.queue}/${node.id}`);
    return old === undefined || old.state !== node.state || old.percent !== node.percent;
  });
}
