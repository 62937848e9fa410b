/**
 * Compares what the engine thinks this session holds with what is in the worker's hands, while it is at work and for a
 * while after a command went unanswered. A lease that is in nobody's hands (its answer was lost in a way that nothing
 * else mends) would last for as long as the worker lives: it is handed back, uncounted.
 */
import type { Engine, LeaseRef } from "../../engine/contract/engine.js";
import type { Clock } from "../../model/value/clock.js";
import type { EngineOutage } from "./engine-outage.js";
import type { WorkSession } from "./session.js";

/** How often to compare, as a part of a lease: what is found twice is given back, within one lease in all. */
const PART_OF_LEASE = 1 / 3;
/** For how long after a command went unanswered a late copy of it is reckoned with. Milliseconds. */
const SUSPICIOUS = 600_000;
/** The most leases handed back in one command. */
const MOST = 500;

/** What an audit is given. */
export interface LeaseAuditOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  /** Milliseconds. */
  readonly lease: number;
  readonly outage: EngineOutage;
  /** Is any job held, as far as the worker knows? */
  readonly holds: () => boolean;
  /** All leases in the worker's hands, in whatever state. */
  readonly inHand: () => Iterable<LeaseRef>;
  /** Have all exchanges been answered that were under way when `calls` were the last of their lanes? */
  readonly answered: (calls: readonly [number, number]) => boolean;
}

/** A lease that was not in hand, and the exchanges that may have been bringing it. */
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

  /** A command went unanswered: whether it is carried out, and when, nobody knows. */
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
    const { engine, inHand, answered } = this.#options;
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
    for (let from = 0; from < lost.length; from += MOST) {
      const settle = lost.slice(from, from + MOST).map((lease) => ({ ...lease, outcome: { kind: "return" } as const }));
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
