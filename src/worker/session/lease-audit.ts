/**
 * Compares the leases that the engine has on record for this session with the worker's own, while it is at work and for
 * ten minutes after a command went unanswered.
 * A lease that the worker does not have (its answer was lost) would last as long as the session: it is returned,
 * uncounted.
 */
import { MAX_JOBS_PER_COMMAND, type Engine, type LeaseRef } from "../../engine/contract/engine.js";
import type { Clock } from "../../model/value/clock.js";
import type { EngineOutage } from "./engine-outage.js";
import type { WorkSession } from "./session.js";

/**
 * The interval between audits, as a fraction of a lease. A lease found missing twice is returned, so within one lease
 * in all.
 */
const PART_OF_LEASE = 1 / 3;
/** How long (milliseconds) after an unanswered command a late copy of it may still be carried out. */
const SUSPICIOUS = 600_000;

/** Dependencies and callbacks. */
export interface LeaseAuditOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  /** Milliseconds. */
  readonly lease: number;
  readonly outage: EngineOutage;
  /** Does the worker hold any job? */
  readonly holds: () => boolean;
  /** All leases that the worker has, running, waiting or unsettled. */
  readonly ownLeases: () => Iterable<LeaseRef>;
  /** Have all exchanges up to these call numbers (by lane) been answered? */
  readonly answered: (calls: readonly [number, number]) => boolean;
}

/** A lease that the worker does not have, and the last exchanges (by lane) that may still deliver it. */
interface Stray {
  readonly lease: LeaseRef;
  readonly calls: readonly [number, number];
}

export class LeaseAudit {
  readonly #options: LeaseAuditOptions;
  #session: WorkSession | null = null;
  #strays = new Map<string, Stray>();
  #suspiciousUntil = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | null = null;

  constructor(options: LeaseAuditOptions) {
    this.#options = options;
  }

  /** Audits this session from now on; `null`: none. */
  begin(session: WorkSession | null): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#session = session;
    this.#strays.clear();
    if (session !== null) this.#arm();
  }

  /** Work was leased. */
  hold(): void {
    this.#arm();
  }

  /** A command went unanswered: it may be carried out now, later or never. */
  unanswered(): void {
    this.#suspiciousUntil = this.#options.clock.monotonic() + SUSPICIOUS;
    this.#arm();
  }

  #arm(): void {
    const { clock, lease } = this.#options;
    if (this.#cancel !== null || this.#session === null) return;
    this.#cancel = clock.after(lease * PART_OF_LEASE, () => void this.#audit());
  }

  async #audit(): Promise<void> {
    const { clock, outage, holds } = this.#options;
    const session = this.#session;
    if (session === null) return;
    try {
      await this.#compare(session);
    } catch (error) {
      outage.report(error);
    }
    if (session !== this.#session) return;
    this.#cancel = null;
    if (holds() || this.#strays.size > 0 || clock.monotonic() < this.#suspiciousUntil) this.#arm();
  }

  async #compare(session: WorkSession): Promise<void> {
    const { engine, ownLeases: inHand, answered } = this.#options;
    const calls = [...session.calls] as const;
    const held = await heldBy(engine, session);
    if (session !== this.#session) return;
    const known = new Set([...inHand()].map(nameOf));
    const strays = new Map<string, Stray>();
    const lost: LeaseRef[] = [];
    for (const lease of held) {
      const name = nameOf(lease);
      if (known.has(name)) continue;
      const stray = this.#strays.get(name) ?? { lease, calls };
      if (this.#strays.has(name) && answered(stray.calls)) lost.push(lease);
      else strays.set(name, stray);
    }
    this.#strays = strays;
    for (let from = 0; from < lost.length; from += MAX_JOBS_PER_COMMAND) {
      const settle = lost
        .slice(from, from + MAX_JOBS_PER_COMMAND)
        .map((lease) => ({ ...lease, outcome: { kind: "return" } as const }));
      await engine.exchange({ session: session.id, lane: 0, call: 0, settle, claim: null });
    }
  }
}

async function heldBy(engine: Engine, session: WorkSession): Promise<LeaseRef[]> {
  const leases: LeaseRef[] = [];
  for (const queue of session.queues) {
    let cursor: string | null = null;
    do {
      const page = await engine.held({ session: session.id, queue, cursor });
      leases.push(...page.leases);
      ({ cursor } = page);
    } while (cursor !== null && !session.over);
  }
  return leases;
}

function nameOf({ queue, id, epoch }: LeaseRef): string {
  return `${queue}\n${id}\n${epoch}`;
}
