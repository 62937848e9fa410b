/** `longshore flow`: a flow with all its jobs, as a tree; with `--watch` also what happens to them until it ends. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import type { FlowJob } from "../../../client/jobs/flow-job.js";
import { isSuccess } from "../../../model/job/dependency.js";
import { isTerminal } from "../../../model/job/state.js";
import { connected } from "../../flags/connection.js";
import { ExitCode } from "../../terminal/exit.js";
import { findFlow } from "../../flags/arguments.js";
import { changedNodes, printFlow, printFlowChanges } from "../../views/flow-view.js";
import type { Output } from "../../terminal/output.js";
import { paint } from "../../terminal/table.js";
import { moment } from "../../terminal/time-text.js";

interface FlowFlags {
  queue?: string;
  all?: boolean;
  watch?: boolean;
}

/** How often (milliseconds) a watched flow is read. */
const LOOK_EVERY = 1_000;

export function defineFlow(command: Command): void {
  command
    .argument("<id>", "the flow, or a job of it")
    .option("--queue <name>", "where the job with this id is, if several queues have one")
    .option("--all", "a line for every job, however many one node added")
    .option("--watch", "follow it until it ends; exit code 1 when it does not end well")
    .action(async (id: string, _flags: unknown, command: Command) => {
      await connected<FlowFlags>(command, async ({ longshore, out, flags }) => {
        const flow = await findFlow(longshore, id, flags.queue);
        if (flags.watch) await follow(flow, out, flags.all ?? false);
        else await show(flow, out, flags.all ?? false);
      });
    });
}

async function show(flow: FlowJob, out: Output, all: boolean): Promise<void> {
  const graph = await flow.graph();
  if (out.json) out.document(graph);
  else printFlow(out, graph, all, Date.now());
}

async function follow(flow: FlowJob, out: Output, all: boolean): Promise<void> {
  let graph = await flow.graph();
  if (out.json) out.event({ kind: "flow", flow: graph });
  else printFlow(out, graph, all, Date.now());
  while (!isTerminal(graph.state)) {
    await sleep(LOOK_EVERY);
    const before = graph;
    graph = await flow.graph();
    if (!out.json) printFlowChanges(out, before, graph, paint("dim", moment(Date.now())));
    else for (const node of changedNodes(before, graph)) out.event({ kind: "node", at: Date.now(), node });
  }
  if (out.json) out.event({ kind: "end", flow: graph });
  if (!isSuccess(graph.state)) process.exitCode = ExitCode.failed;
}
