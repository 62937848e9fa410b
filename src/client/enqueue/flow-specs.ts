/** From a draft to job specs: the flow's own, and one for each node. */
import { encodePayload } from "../../model/value/codec.js";
import type { Dependency } from "../../model/job/dependency.js";
import { InvalidInput, PayloadTooLarge } from "../../model/errors/errors.js";
import { EACH_TASK, type EachInput } from "../../model/flow/each.js";
import type { FlowInput, InputReference } from "../../model/job/membership.js";
import { keyOf, type JobRef, type JobSpec } from "../../model/job/job.js";
import { parseOwnName } from "../../model/value/name.js";
import { mergeOptions, parseOptions, type JobOptions } from "../../model/options/options.js";
import { checkInput } from "../../define/check-input.js";
import type { SpecMaker } from "./job-spec.js";
import { draftOf, type DraftEdges, type DraftNode, type DraftReference } from "./flow-draft.js";
import type { AnyFlow } from "../../define/flow.js";
import { parseFlowEnqueueOptions } from "./flow-options.js";

/** A flow ready to be enqueued. */
export interface FlowSpecs {
  readonly flow: JobSpec;
  readonly members: readonly JobSpec[];
}

/** The options that every job of a flow inherits from it. */
type Shared = Required<Pick<JobOptions, "tags">> & Pick<JobOptions, "keep">;

/**
 * Checks the input and the options, runs the flow's function, and makes the specs.
 * @throws InvalidInput, PayloadTooLarge, and what the flow's function throws
 */
export async function flowSpecsOf(
  specs: SpecMaker,
  payloadCap: number,
  flow: AnyFlow,
  input: unknown,
  given: unknown,
): Promise<FlowSpecs> {
  const options = parseFlowEnqueueOptions(given);
  encodePayload("input", input, payloadCap);
  const parsed: unknown = flow.schema === null ? input : await checkInput(flow.schema, input);
  const { nodes, result } = draftOf(flow, parsed);
  encodePayload(`${flow.name}.result`, result.value, payloadCap);
  const stored: FlowInput = { input: input ?? null, result: result.value };
  const own = specs.makeIncomplete(flow.name, stored, {
    queue: flow.queue ?? queueOf([...nodes.keys()][0]),
    ...flow.defaults,
    ...options,
    tags: [...(flow.defaults.tags ?? []), ...(options.tags ?? [])],
  });
  const keep = options.keep ?? flow.defaults.keep;
  const shared: Shared = { tags: own.tags, ...(keep === undefined ? {} : { keep }) };
  const made = new Map<DraftNode, JobSpec>();
  for (const node of nodes.keys()) made.set(node, await memberOf(specs, flow, node, shared));
  const flowRef: JobRef = { queue: own.queue, id: own.id };
  return {
    flow: { ...own, role: "flow", references: referencesOf(result.references, made, ["result"]) },
    members: [...nodes].map(([node, edges]) => linked(node, edges, made, flowRef)),
  };
}

/** The queue of a node's job. */
function queueOf(node: DraftNode | undefined): string {
  return node?.options.job.queue ?? (typeof node?.task === "object" ? node.task.queue : "default");
}

/** The spec of a node's job, before it is linked to the others. */
async function memberOf(specs: SpecMaker, flow: AnyFlow, node: DraftNode, shared: Shared): Promise<JobSpec> {
  try {
    const { task, input, references, each } = node;
    const { job } = node.options;
    if (each !== null) return eachOf(specs, node, shared);
    const options = { ...shared, ...job, tags: [...shared.tags, ...(job.tags ?? [])] };
    return await (references.length > 0
      ? specs.makeIncomplete(task, input, options)
      : specs.make(task, input, options));
  } catch (error) {
    throw partOf(`${flow.name}.${node.name}`, error);
  }
}

/** The spec of a fan-out job, which makes one job for each item of a list. */
function eachOf(specs: SpecMaker, { task, input, each, options: { job } }: DraftNode, shared: Shared): JobSpec {
  const [name, taskQueue, defaults] =
    typeof task === "string" ? [task, "default"] : [task.name, task.queue, task.defaults];
  const { queue: given, delay, runAt, ...ofItems } = job;
  const queue = given === undefined ? taskQueue : parseOwnName("queue", given);
  const options = mergeOptions(specs.defaultsOf(queue), defaults, shared, ofItems);
  parseOptions(options);
  const stored: EachInput = { task: name, queue, items: null, template: input ?? null, takes: each ?? [], options };
  // Run options apply to the item jobs, not to the fan-out job itself.
  const { attempts: _attempts, retries: _retries, backoff: _backoff, timeout: _timeout, meta: _meta, ...own } = options;
  const due = { ...(delay === undefined ? {} : { delay }), ...(runAt === undefined ? {} : { runAt }) };
  return specs.makeIncomplete(EACH_TASK, stored, { ...own, ...due, queue });
}

/** A node's job as a member of its flow: held until the flow is complete, linked to its dependencies. */
function linked(node: DraftNode, edges: DraftEdges, made: ReadonlyMap<DraftNode, JobSpec>, flow: JobRef): JobSpec {
  const after = [...edges].map(([before, on]): Dependency => ({ ...refOf(before, made), ifFailed: on }));
  const { weight, optional } = node.options;
  const spec = specOf(node, made);
  return {
    ...spec,
    hold: true,
    after: after.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
    references: referencesOf(node.references, made, []),
    flow: { ...flow, node: node.name, parent: null, weight, ifFailed: optional ? "continue" : "fail" },
  };
}

function referencesOf(
  references: readonly DraftReference[],
  made: ReadonlyMap<DraftNode, JobSpec>,
  within: readonly string[],
): InputReference[] {
  return references.map(({ at, from, take }) => ({ at: [...within, ...at], from: refOf(from, made), take }));
}

function refOf(node: DraftNode, made: ReadonlyMap<DraftNode, JobSpec>): JobRef {
  const { queue, id } = specOf(node, made);
  return { queue, id };
}

function specOf(node: DraftNode, made: ReadonlyMap<DraftNode, JobSpec>): JobSpec {
  const spec = made.get(node);
  if (spec === undefined) throw new TypeError(`node ${node.name} is of no flow`);
  return spec;
}

/** The same error with the part's name in its field. */
function partOf(part: string, error: unknown): unknown {
  if (error instanceof InvalidInput) return error.within(part);
  return error instanceof PayloadTooLarge
    ? new PayloadTooLarge(`${part}.${error.field}`, error.size, error.cap)
    : error;
}
