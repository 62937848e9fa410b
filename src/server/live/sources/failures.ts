/**
 * What fails, by cause: the failure groups seen last. They are read when more runs have failed, and now and then, since people change
 * them, too.
 */
import type { FailureGroupSnapshot } from "../../../model/failure/groups/merged-group.js";
import type { View } from "../../http/view.js";
import { iso, isoOrNull } from "../../schema/common.js";
import type { LiveParts, Outlet, Source } from "./source.js";
import { Poll } from "./poll.js";

/** How often (milliseconds) it is asked whether more runs have failed, and how often groups are read in any case. */
const LOOK_TIME = 2_000;
const READ_TIME = 10_000;
/** How many groups are shown, those seen last. */
const MOST_GROUPS = 100;

export class FailuresSource implements Source {
  readonly #parts: LiveParts;
  readonly #outlet: Outlet;
  readonly #poll: Poll;
  #groups: readonly FailureGroupSnapshot[] = [];
  /** What was said of each group. */
  #told = new Map<string, string>();
  #failed = -1;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(parts: LiveParts, outlet: Outlet) {
    this.#parts = parts;
    this.#outlet = outlet;
    this.#poll = new Poll(parts.clock, LOOK_TIME, () => this.#look());
  }

  async load(): Promise<void> {
    this.#failed = await this.#countFailed();
    await this.#read();
    this.#told = new Map(this.#groups.map((group) => [group.fingerprint, JSON.stringify(group)]));
    this.#poll.start();
  }

  snapshot(view: View): Readonly<Record<string, unknown>> {
    return { groups: this.#groups.map((group) => groupDocument(group, view)) };
  }

  stop(): void {
    this.#poll.stop();
  }

  async #look(): Promise<void> {
    const failed = await this.#countFailed();
    const isDue = this.#parts.clock.monotonic() - this.#readAt >= READ_TIME;
    if (failed === this.#failed && !isDue) return;
    await this.#read();
    this.#failed = failed;
    this.#tellChanges();
  }

  async #countFailed(): Promise<number> {
    const totals = await this.#parts.longshore.totals({ outcomes: ["failed", "retried", "partial"] });
    return totals.reduce((sum, { count }) => sum + count, 0);
  }

  async #read(): Promise<void> {
    this.#groups = (await this.#parts.longshore.failures().page({ limit: MOST_GROUPS })).groups;
    this.#readAt = this.#parts.clock.monotonic();
  }

  #tellChanges(): void {
    const at = iso(this.#parts.clock.now());
    const shown = new Set(this.#groups.map(({ fingerprint }) => fingerprint));
    for (const fingerprint of this.#told.keys()) {
      if (shown.has(fingerprint)) continue;
      this.#told.delete(fingerprint);
      const document = { kind: "group-gone", at, fingerprint };
      this.#outlet.changed({ slot: fingerprint, summary: fingerprint, size: 150, document: () => document });
    }
    for (const group of this.#groups) {
      const { fingerprint } = group;
      const text = JSON.stringify(group);
      if (this.#told.get(fingerprint) === text) continue;
      this.#told.set(fingerprint, text);
      const document = (view: View): unknown => ({ kind: "group", at, ...groupDocument(group, view) });
      this.#outlet.changed({ slot: fingerprint, summary: fingerprint, size: 600, document });
    }
  }
}

function groupDocument(group: FailureGroupSnapshot, view: View): object {
  const { fingerprint, name, message, code, state, runs, filed, firstAt, lastAt, changedAt, changedBy, tasks } = group;
  return {
    ...{
      fingerprint,
      name: view.text(name),
      message: view.text(message),
      code: code === null ? null : view.text(code),
    },
    ...{ state, runs, filed, tasks },
    ...{ firstAt: iso(firstAt), lastAt: iso(lastAt), changedAt: isoOrNull(changedAt), changedBy },
    queues: group.queues.map(({ queue }) => queue),
  };
}
