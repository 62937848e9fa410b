/** The graph of a flow: its members as they are now, what each waits for, and the orders that follow from it. */
import { isSuccess, type DependencyPolicy } from "../job/dependency.js";
import { flowProgress, type FlowRecords } from "./flow-progress.js";
import type { Failure } from "../failure/failure.js";
import type { SlimRecord } from "../job/query/fields.js";
import type { JobRef } from "../job/job.js";
import type { Progress } from "../job/progress.js";
import { isTerminal, type JobState } from "../job/state.js";
import { levelsOf } from "../value/levels.js";

/** A job of a flow. Times are epoch milliseconds. */
export interface FlowNode extends JobRef {
  /** Its name in the flow. */
  readonly node: string;
  /** The node that added it while the flow ran; `null` for a member from the beginning. */
  readonly parent: string | null;
  readonly task: string;
  readonly state: JobState;
  /** How far it is: 0 to 100. */
  readonly percent: number;
  readonly weight: number;
  /** May it fail without failing the flow? */
  readonly optional: boolean;
  /** The runs that counted so far, and the most there may be. */
  readonly attempt: number;
  readonly attempts: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly error: Failure | null;
}

/** An edge: one job of a flow waits for another. */
export interface FlowEdge {
  /** The dependency. */
  readonly from: JobRef;
  readonly to: JobRef;
  /** How the dependent ends when the dependency does not succeed. */
  readonly ifFailed: DependencyPolicy;
}

/** A flow as a graph; survives JSON. */
export interface FlowGraph extends JobRef {
  /** The flow's name. */
  readonly flow: string;
  readonly state: JobState;
  readonly progress: Progress;
  /** Its jobs: each comes after its dependencies and after the job that added it. */
  readonly nodes: readonly FlowNode[];
  readonly edges: readonly FlowEdge[];
  /** Members that were removed one by one; nothing else is known of them. */
  readonly removed: readonly JobRef[];
}

/** The graph of a flow. */
export function graphOf(records: FlowRecords): FlowGraph {
  const { flow, known, members } = records;
  const there = new Set(members.map(nameOf));
  return {
    queue: flow.queue,
    id: flow.id,
    flow: flow.task,
    state: flow.state,
    progress: flowProgress(records),
    nodes: inOrder(members).map(nodeOf),
    edges: members.flatMap(({ queue, id, after }) =>
      after.map(({ ifFailed: on, ...from }): FlowEdge => ({ from, to: { queue, id }, ifFailed: on })),
    ),
    removed: known.filter((member) => !there.has(nameOf(member))).map(({ queue, id }) => ({ queue, id })),
  };
}

function nodeOf({ queue, id, flow, task, state, progress, attempt, attempts, ...record }: SlimRecord): FlowNode {
  return {
    queue,
    id,
    node: flow?.node ?? id,
    parent: flow?.parent ?? null,
    task,
    state,
    percent: isSuccess(state) ? 100 : (progress?.percent ?? 0),
    weight: flow?.weight ?? 1,
    optional: flow?.ifFailed === "continue",
    attempt,
    attempts,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
    error: record.error,
  };
}

/** The members, each after its dependencies and after the member that added it. */
export function inOrder<Member extends SlimRecord>(members: readonly Member[]): Member[] {
  const byName = new Map(members.map((member) => [nameOf(member), member]));
  const byNode = grouped(members, ({ flow }) => flow?.node);
  const { levels, circular } = levelsOf(members, ({ after, flow }) => [
    ...after.flatMap((dependency) => byName.get(nameOf(dependency)) ?? []),
    ...(byNode.get(flow?.parent ?? undefined) ?? []),
  ]);
  return [...levels.flat(), ...circular];
}

/**
 * The members that did not succeed, in the order in which they are to be queued again: level by level, each after its
 * dependencies, and after the members it added, for which it waits too.
 */
export function toRetry(members: readonly SlimRecord[]): SlimRecord[][] {
  const lost = members.filter(({ state }) => isTerminal(state) && !isSuccess(state));
  const { levels, circular } = levelsOf(lost, waitsAmong(lost));
  return [...levels.map((level) => [...level]), ...circular.map((member) => [member])];
}

/** Which of these members each of them waits for: its dependencies, and the members it added. */
export function waitsAmong(members: readonly SlimRecord[]): (member: SlimRecord) => SlimRecord[] {
  const byName = new Map(members.map((member) => [nameOf(member), member]));
  const byParent = grouped(members, ({ flow }) => flow?.parent ?? undefined);
  return ({ after, flow }) => [
    ...after.flatMap((dependency) => byName.get(nameOf(dependency)) ?? []),
    ...(byParent.get(flow?.node) ?? []),
  ];
}

function nameOf({ queue, id }: JobRef): string {
  return `${queue}/${id}`;
}

function grouped<Member extends SlimRecord>(
  members: readonly Member[],
  keyOf: (member: Member) => string | undefined,
): Map<string | undefined, Member[]> {
  const groups = new Map<string | undefined, Member[]>();
  for (const member of members) {
    const key = keyOf(member);
    const group = groups.get(key);
    if (group !== undefined) group.push(member);
    else if (key !== undefined) groups.set(key, [member]);
  }
  return groups;
}
