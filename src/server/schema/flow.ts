/** The documents of flows: what all have that lists have of jobs, the tree of their jobs, and the graph. */
import { z } from "@hono/zod-openapi";
import type { FlowGraph, FlowNode } from "../../model/flow/graph.js";
import { FlowTree } from "../../model/flow/tree.js";
import { POLICIES } from "../../model/job/dependency.js";
import { perState } from "../../model/job/state.js";
import type { View } from "../http/view.js";
import {
  ErrorDocument,
  errorDocument,
  isoOrNull,
  JobId,
  Name,
  orNull,
  State,
  StateCounts,
  TimeOrNull,
} from "./common.js";
import { JobDocument, progressDocument, ProgressDocument } from "./job.js";

const Ref = z.object({ queue: Name, jobId: JobId });

const NodeDocument = z
  .object({
    queue: Name,
    jobId: JobId,
    node: z.string().openapi({ description: "Its name in the flow" }),
    parent: z.string().nullable().openapi({ description: "The node that added it while the flow ran" }),
    task: Name,
    state: State,
    percent: z.number(),
    weight: z.number(),
    optional: z.boolean().openapi({ description: "May it fail without failing the flow?" }),
    attempt: z.number().int(),
    attempts: z.number().int(),
    startedAt: TimeOrNull,
    finishedAt: TimeOrNull,
    error: orNull(ErrorDocument),
  })
  .openapi("FlowNode");

const TreeRow = NodeDocument.extend({
  depth: z.number().int().openapi({ description: "How far in it stands: 0 for a job that waits for none" }),
  reference: z
    .boolean()
    .openapi({ description: "Is it only mentioned, as it waits for this one too, and stands elsewhere?" }),
}).openapi("FlowTreeRow");

const Removed = z.array(Ref).openapi({ description: "Jobs of it that were removed one by one" });

/** A flow with its jobs as a tree. */
export const FlowDocument = JobDocument.extend({
  members: StateCounts.openapi({ description: "How many of its jobs are in each state" }),
  tree: z.array(TreeRow).openapi({
    description: "Its jobs, each under the one that added it, else under the last of those it waits for",
  }),
  removed: Removed,
}).openapi("Flow");

/** The graph of a flow. */
export const GraphDocument = z
  .object({
    queue: Name,
    jobId: JobId,
    flow: z.string().openapi({ description: "The name of the flow" }),
    state: State,
    progress: ProgressDocument,
    nodes: z.array(NodeDocument).openapi({ description: "Each after those that it waits for" }),
    edges: z.array(z.object({ from: Ref, to: Ref, ifFailed: z.enum(POLICIES) })),
    removed: Removed,
  })
  .openapi("FlowGraph");

/** What the document of a flow has beside that of a job. */
export function treeDocument(
  graph: FlowGraph,
  view: View,
): Pick<z.infer<typeof FlowDocument>, "members" | "tree" | "removed"> {
  const members = perState((state) => graph.nodes.filter((node) => node.state === state).length);
  return {
    members,
    tree: new FlowTree(graph).rows().map(({ node, depth, isReference }) => {
      return { ...nodeDocument(node, view), depth, reference: isReference };
    }),
    removed: graph.removed.map(refDocument),
  };
}

/** The graph of a flow. */
export function graphDocument(graph: FlowGraph, view: View): z.infer<typeof GraphDocument> {
  const { queue, id, flow, state, progress, nodes, edges, removed } = graph;
  return {
    ...{ queue, jobId: id, flow, state },
    progress: progressDocument(progress, view),
    nodes: nodes.map((node) => nodeDocument(node, view)),
    edges: edges.map(({ from, to, ifFailed }) => ({ from: refDocument(from), to: refDocument(to), ifFailed })),
    removed: removed.map(refDocument),
  };
}

function nodeDocument(
  { id, startedAt, finishedAt, error, ...node }: FlowNode,
  view: View,
): z.infer<typeof NodeDocument> {
  const { queue, node: name, parent, task, state, percent, weight, optional, attempt, attempts } = node;
  return {
    ...{ queue, jobId: id, node: name, parent, task, state, percent, weight, optional, attempt, attempts },
    startedAt: isoOrNull(startedAt),
    finishedAt: isoOrNull(finishedAt),
    error: errorDocument(error, view.text, view.payloads),
  };
}

function refDocument({ queue, id }: { readonly queue: string; readonly id: string }): z.infer<typeof Ref> {
  return { queue, jobId: id };
}
