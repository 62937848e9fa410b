/**
 * The progress of a flow: the weighted mean of its members. A node shares its weight with the members it added while
 * the flow ran. 100 only once the flow has ended well.
 */
import { isSuccess, type DependencyRecord } from "../job/dependency.js";
import type { SlimRecord } from "../job/query/fields.js";
import { NO_PROGRESS, type Progress } from "../job/progress.js";
import { isTerminal } from "../job/state.js";
import { NEARLY_ALL } from "../job/report/step-plan.js";

/** The job of a flow, and those of its members that are there. */
export interface FlowRecords {
  readonly flow: SlimRecord;
  /** Its members, by queue and id, as the flow's job lists them. */
  readonly known: readonly DependencyRecord[];
  readonly members: readonly SlimRecord[];
}

/** The progress of a flow: its members are counted as `done` of a `total`, their counters are added up. */
export function flowProgress({ flow, known, members }: FlowRecords): Progress {
  const counters: Record<string, number> = {};
  for (const { progress } of members) {
    for (const [name, count] of Object.entries(progress?.counters ?? {}))
      counters[name] = (counters[name] ?? 0) + count;
  }
  const running = members.filter(({ state }) => state === "active");
  const latest = running.reduce<SlimRecord | null>(
    (last, one) => (last === null || (one.startedAt ?? 0) > (last.startedAt ?? 0) ? one : last),
    null,
  );
  return {
    ...NO_PROGRESS,
    percent: isSuccess(flow.state) ? 100 : Math.min(NEARLY_ALL, Math.floor(fractionOf(members) * 100 + HAIR)),
    done: members.filter(({ state }) => isTerminal(state)).length + known.length - members.length,
    total: known.length,
    step: latest?.flow?.node ?? null,
    counters,
  };
}

// Sums of fractions such as 0.1 + 0.2 may come out a hair below the whole number they stand for.
const HAIR = 1e-9;

/** The members of one node name, and the names of the nodes they added. */
interface Share {
  readonly members: SlimRecord[];
  readonly added: Set<string>;
}

function fractionOf(members: readonly SlimRecord[]): number {
  const shares = new Map<string, Share>();
  for (const member of members) {
    const share = shares.get(nameOf(member));
    if (share === undefined) shares.set(nameOf(member), { members: [member], added: new Set() });
    else share.members.push(member);
  }
  const roots = new Set<string>();
  for (const member of members) {
    const parent = shares.get(member.flow?.parent ?? "");
    (parent?.added ?? roots).add(nameOf(member));
  }
  return mean(shares, roots, 0, 0);
}

function nameOf({ flow, id }: SlimRecord): string {
  return flow?.node ?? id;
}

/** The weighted mean of some nodes and of `own`, which weighs `weight`. */
function mean(shares: Map<string, Share>, names: Iterable<string>, own: number, weight: number): number {
  let sum = own;
  let whole = weight;
  for (const name of names) {
    const share = shares.get(name);
    if (share === undefined) continue;
    // A weight is counted once only.
    shares.delete(name);
    const reached = share.members.reduce((total, member) => total + reachedBy(member), 0);
    const weighs = share.members.reduce((total, { flow }) => total + (flow?.weight ?? 1), 0);
    sum += weighs * mean(shares, share.added, reached, share.members.length);
    whole += weighs;
  }
  return whole === 0 ? 0 : sum / whole;
}

/** The part of a member's own work that is done, 0 to 1. An optional member is done once it has ended. */
function reachedBy({ state, progress, flow }: SlimRecord): number {
  if (isSuccess(state)) return 1;
  if (flow?.ifFailed === "continue" && isTerminal(state) && state !== "cancelled") return 1;
  return (progress?.percent ?? 0) / 100;
}
