/** The commands on failure groups in memory, and counting what fails. */
import type { Failure } from "../../../model/failure/failure.js";
import { MOST_FILED, MOST_FILED_IN_LISTS, type FailureGroup } from "../../../model/failure/group.js";
import {
  decodePlace,
  encodePlace,
  type FailureGroupChange,
  type FailureGroupCommands,
  type FailureGroupPage,
  type FailureGroupQuery,
  type FailureGroupRef,
} from "../../contract/failure-groups.js";
import { changeGroup, compareGroups, describeGroup, type FailedRun } from "../../shared/failure-groups.js";
import type { Filed } from "../store/failure-groups.js";
import type { MemoryJob } from "../store/job.js";
import type { MemoryQueue, MemoryStore } from "../store/store.js";
import { emit } from "../store/transitions.js";

/** Counts the failure of a job's run in its group; of a job that did not run when `session` is `null`. */
export function countFailed(
  queue: MemoryQueue,
  job: MemoryJob,
  failure: Failure,
  session: string | null,
  now: number,
): void {
  const run: FailedRun["run"] = session === null ? null : { session, leasedAt: job.startedAt ?? now };
  const failed = { id: job.id, task: job.spec.task, failure, run };
  if (queue.failures.count(failed, now, () => filedIn(queue))) {
    emit(queue, now, { kind: "regressed", fingerprint: failure.fingerprint });
  }
}

/** How many jobs stand failed or partial, by the fingerprint of their error. */
export function filedIn({ lines }: MemoryQueue): Filed {
  const filed = new Map<string, number>();
  for (const { error } of [...lines.failed.toArray(), ...lines.partial.toArray()]) {
    if (error !== null) filed.set(error.fingerprint, (filed.get(error.fingerprint) ?? 0) + 1);
  }
  return filed;
}

export class MemoryFailureGroups implements FailureGroupCommands {
  readonly #store: MemoryStore;
  readonly #now: () => number;

  constructor(store: MemoryStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  failureGroups({ queue: name, states, after, limit }: FailureGroupQuery): FailureGroupPage {
    const queue = this.#store.find(name);
    const place = decodePlace(after);
    if (queue === undefined) return { groups: [], next: null, dropped: 0 };
    const found = queue.failures.sorted().filter(([fingerprint, { state, lastAt }]) => {
      return (states?.includes(state) ?? true) && (place === null || compareGroups(place, { fingerprint, lastAt }) < 0);
    });
    const filed = filedIn(queue);
    const groups = found.slice(0, limit).map(([fingerprint]) => this.#describe(queue, fingerprint, filed, true));
    const page = groups.filter((group) => group !== null);
    const last = page.at(-1);
    const next = found.length > limit && last !== undefined ? encodePlace(last) : null;
    return { groups: page, next, dropped: queue.failures.dropped };
  }

  failureGroup({ queue: name, fingerprint }: FailureGroupRef): FailureGroup | null {
    const queue = this.#store.find(name);
    return queue === undefined ? null : this.#describe(queue, fingerprint, filedIn(queue), false);
  }

  changeFailureGroup({ queue: name, fingerprint, state, by }: FailureGroupChange): FailureGroup | null {
    const group = this.#store.find(name)?.failures.find(fingerprint) ?? null;
    if (group !== null) changeGroup(group, state, by, this.#now());
    return this.failureGroup({ queue: name, fingerprint });
  }

  #describe(queue: MemoryQueue, fingerprint: string, filed: Filed, listed: boolean): FailureGroup | null {
    const group = queue.failures.find(fingerprint);
    if (group === null) return null;
    const count = Math.min(filed.get(fingerprint) ?? 0, listed ? MOST_FILED_IN_LISTS : MOST_FILED);
    const ref = { queue: queue.name, fingerprint };
    return describeGroup(ref, group, count, (code) => queue.builds.get(code)?.build, this.#now());
  }
}
