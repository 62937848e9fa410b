/** The result of a flow: assembled, when it is read, from the results of its members. */
import { decodePayload } from "../../model/value/codec.js";
import { isSuccess } from "../../model/job/dependency.js";
import { JobNotFound, Undecodable } from "../../model/errors/errors.js";
import { EACH_TASK, isEachChild } from "../../model/flow/each.js";
import { isFlowInput } from "../../model/job/membership.js";
import { keyOf, type JobRecord, type JobRef } from "../../model/job/job.js";
import { putAt, takeAt } from "../../model/value/path.js";
import type { ConnectionContext } from "../connection/context.js";

/** Changes what a job of a task gave, before it stands in the result of its flow. */
export type FlowPart = (task: string, result: unknown) => unknown;

const asItIs: FlowPart = (_task, result) => result;

/**
 * The result of a flow that ended well. A part taken from a member that did not succeed, or from a place that does not
 * exist, is `null`.
 * @throws Undecodable; JobNotFound for a member that it needs and that was removed
 */
export async function flowResultOf(
  context: ConnectionContext,
  flow: JobRecord,
  part: FlowPart = asItIs,
): Promise<{ readonly result: unknown }> {
  const stored = decoded(flow, "input", flow.input);
  if (!isFlowInput(stored)) throw new Undecodable(flow.id, "input");
  const results = new Map<string, Promise<unknown>>();
  for (const { from } of flow.references) {
    if (!results.has(keyOf(from))) results.set(keyOf(from), resultOf(context, flow, from, part));
  }
  await Promise.all(results.values());
  let whole: unknown = { result: stored.result };
  for (const { at, from, take } of flow.references) {
    const value = takeAt(await results.get(keyOf(from)), take)?.value ?? null;
    whole = putAt(whole, at, value)?.whole ?? whole;
  }
  return whole as { readonly result: unknown };
}

async function resultOf(context: ConnectionContext, flow: JobRef, ref: JobRef, part: FlowPart): Promise<unknown> {
  const record = await context.reader.getResult(ref);
  if (record === null) {
    const known = await context.engine.dependencies(flow);
    if (known.some(({ queue, id, ifFailed: on }) => queue === ref.queue && id === ref.id && on === "continue"))
      return null;
    throw new JobNotFound(ref.id);
  }
  if (!isSuccess(record.state)) return null;
  if (record.task === EACH_TASK) return resultsOfEach(context, ref, part);
  return part(record.task, decoded(record, "result", record.result));
}

/** The results of the jobs of a list's items, in the order of the list. */
async function resultsOfEach(context: ConnectionContext, ref: JobRef, part: FlowPart): Promise<unknown[]> {
  const known = await context.engine.dependencies(ref);
  // Their ids sort as the items do.
  const children = known.filter(({ id }) => isEachChild(ref.id, id)).sort((a, b) => (a.id < b.id ? -1 : 1));
  const records = await Promise.all(children.map((child) => context.reader.getResult(child)));
  return records.map((record) =>
    record !== null && isSuccess(record.state) ? part(record.task, decoded(record, "result", record.result)) : null,
  );
}

function decoded({ id }: JobRef, what: string, text: string | null): unknown {
  if (text === null) return null;
  try {
    return decodePayload(text);
  } catch (error) {
    throw new Undecodable(id, what, { cause: error });
  }
}
