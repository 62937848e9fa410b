/** A flow, over HTTP: a job with members. */
import { HttpJob } from "./job.js";
import type { CallOptions } from "../connection/transport.js";
import type { Flow, FlowGraph } from "../connection/types.js";

/**
 * A handle on a flow.
 * @example for (const { node, state, depth } of (await longshore.flow(id).tree()).tree) console.log(" ".repeat(depth), node, state);
 */
export class HttpFlow<Result = unknown, Input = unknown> extends HttpJob<Result, Input> {
  /** The flow with its jobs as a tree. @throws HttpProblem `JOB_NOT_FOUND` */
  tree(call?: CallOptions): Promise<Flow> {
    return this.transport.call("GET /api/flows/{id}", this.ref, call);
  }

  /** Its jobs, and what each of them waits for. @throws HttpProblem `JOB_NOT_FOUND` */
  graph(call?: CallOptions): Promise<FlowGraph> {
    return this.transport.call("GET /api/flows/{id}/graph", this.ref, call);
  }
}
