/** The failure groups of a queue. */
import { MOST_FAILURE_GROUPS } from "../../../model/failure/group.js";
import { compareGroups, countFailure, isOld, type FailedRun, type StoredGroup } from "../../shared/failure-groups.js";

/** How many jobs are filed under each fingerprint now. */
export type Filed = ReadonlyMap<string, number>;

export class QueueFailures {
  readonly #groups = new Map<string, StoredGroup>();
  /** How many were dropped because there were too many. */
  dropped = 0;

  find(fingerprint: string): StoredGroup | null {
    return this.#groups.get(fingerprint) ?? null;
  }

  /** The groups by their order in lists. */
  sorted(): [fingerprint: string, group: StoredGroup][] {
    return [...this.#groups].toSorted(([a, one], [b, other]) => {
      return compareGroups({ fingerprint: a, lastAt: one.lastAt }, { fingerprint: b, lastAt: other.lastAt });
    });
  }

  /** Counts a failure; returns whether its group regressed with it. `filed` is asked when a group has to go for a new one. */
  count(failed: FailedRun, now: number, filed: () => Filed): boolean {
    const { fingerprint } = failed.failure;
    const { group, regressed } = countFailure(this.find(fingerprint), failed, now);
    if (!this.#groups.has(fingerprint) && this.#groups.size >= MOST_FAILURE_GROUPS) this.#dropOne(filed());
    this.#groups.set(fingerprint, group);
    return regressed;
  }

  #dropOne(filed: Filed): void {
    const oldestFirst = this.sorted().toReversed();
    const [first] = oldestFirst.find(([fingerprint]) => !filed.has(fingerprint)) ?? oldestFirst[0] ?? [];
    if (first === undefined) return;
    this.#groups.delete(first);
    this.dropped += 1;
  }

  /** Removes groups that are not kept any more. */
  trim(now: number, filed: () => Filed): void {
    const old = [...this.#groups].filter(([, group]) => isOld(group, now));
    if (old.length === 0) return;
    const kept = filed();
    for (const [fingerprint] of old) if (!kept.has(fingerprint)) this.#groups.delete(fingerprint);
  }
}
