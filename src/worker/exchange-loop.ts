/**
 * The conversation with the engine: one command settles what has ended and leases what there are slots for. Whatever
 * ends while an answer is on its way joins the next command, so batches grow with load; at rest nothing waits for a
 * timer. Under load a second lane speaks while the first waits for its answer. A command without an answer is sent
 * again as it was.
 */
import type { Claim, Engine, ExchangeAnswer, Lease, Settlement } from "../engine/contract.js";
import { pause, type Clock, type Random } from "../model/clock.js";
import type { EngineTime } from "./engine-time.js";
import type { Outage } from "./outage.js";
import type { ParsedOrder } from "./queue-order.js";
import type { Run } from "./run.js";
import { WorkWait } from "./work-wait.js";
import type { WorkSession } from "./work-session.js";

/** The most outcomes, and the most leases, in one command. */
const MOST = 500;
/** With fewer outcomes than this the second lane stays silent: small batches cost the engine more than they gain. */
const SECOND_LANE = 16;

/** What the loop asks of its worker, and tells it. */
export interface ExchangeHost {
  /** How many more leases are wanted, those on their way not counted. */
  wanted(): number;
  /** The most jobs one command should carry, so that two commands share the work when jobs are short. */
  share(): number;
  /** Work is about to be leased. */
  expectsWork(): void;
  /** Is a suspect held? */
  holdsSuspect(): boolean;
  leased(leases: readonly Lease[], session: WorkSession): void;
  settled(runs: readonly Run[], answer: ExchangeAnswer): void;
  /** The session is gone. */
  lost(session: WorkSession): void;
  /** These outcomes will never be reported: the leases are gone. */
  dropped(runs: readonly Run[]): void;
  /** The engine took so long (milliseconds) to answer. */
  answered(ms: number): void;
  /** There is nothing to lease, and nothing on its way. */
  idle(): void;
}

/** What the loop is given. */
export interface ExchangeOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: Random;
  readonly order: ParsedOrder;
  readonly outage: Outage;
  readonly time: EngineTime;
  readonly host: ExchangeHost;
  /** Look once more when runs have ended, before there is said to be nothing: jobs that waited for them may be ready. */
  readonly thorough: boolean;
}

export class ExchangeLoop {
  readonly #options: ExchangeOptions;
  readonly #wait: WorkWait;
  readonly #lanes: [boolean, boolean] = [false, false];
  #session: WorkSession | null = null;
  #outbox: Run[] = [];
  #coming = 0;
  #claiming = 0;
  #suspectAsked = false;
  #workMayWait = true;
  /** How often somebody said that work may be waiting. */
  #looks = 0;
  /** Did the last answer say that there is more than it brought? */
  #backlog = false;
  #claims = true;
  #closed = false;
  #scheduled = false;
  #drained: (() => void)[] = [];

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#wait = new WorkWait(options, (sure) => {
      if (sure) options.host.expectsWork();
      this.look();
    });
  }

  /** Is nothing unsettled, and no command on its way? */
  get quiet(): boolean {
    return this.#outbox.length === 0 && this.#coming === 0 && !this.#lanes.includes(true);
  }

  /** How many runs have ended and wait until what they said is stored, before their outcome is. */
  get coming(): number {
    return this.#coming;
  }

  /** How many leases the commands on their way ask for. */
  get claiming(): number {
    return this.#claiming;
  }

  /** Speaks for this session from now on; `null`: there is none. What was not settled for the last one is dropped. */
  begin(session: WorkSession | null): void {
    const unsettled = this.#outbox;
    this.#session = session;
    this.#outbox = [];
    this.#workMayWait = true;
    this.#wait.stop();
    this.#options.host.dropped(unsettled);
    this.kick();
  }

  /** Reports the outcome of a run with the next command; not before `ready` has resolved. */
  settle(run: Run, ready: Promise<void> | null = null): void {
    if (ready === null) {
      this.#outbox.push(run);
      this.kick();
      return;
    }
    void this.#settleAfter(run, ready);
  }

  async #settleAfter(run: Run, ready: Promise<void>): Promise<void> {
    this.#coming += 1;
    await ready;
    this.#coming -= 1;
    if (!run.lost) this.#outbox.push(run);
    this.kick();
  }

  /** Work may be waiting. */
  look(): void {
    this.#looks += 1;
    this.#workMayWait = true;
    this.kick();
  }

  /** Speaks at the end of this turn of the event loop, if there is anything to say. */
  kick(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#speak();
    });
  }

  /** Leases nothing more. */
  stopClaiming(): void {
    this.#claims = false;
    this.#wait.stop();
  }

  /** Resolves when everything is settled. */
  drained(): Promise<void> {
    if (this.quiet || this.#session === null) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Says nothing more; commands without an answer are given up. */
  close(): void {
    this.#closed = true;
    this.#session?.end();
    this.#wait.stop();
  }

  #speak(): void {
    const session = this.#session;
    if (session === null || this.#closed) {
      this.#tellDrained();
      return;
    }
    for (const lane of [0, 1] as const) {
      if (this.#lanes[lane]) continue;
      const claim = this.#claim();
      if (this.#outbox.length === 0 && (claim === null || !this.#workMayWait)) break;
      const most = Math.min(MOST, this.#options.host.share());
      const halfIsFree = this.#backlog && claim !== null && claim.max >= Math.max(most, SECOND_LANE);
      if (this.#lanes[1 - lane] && this.#outbox.length < SECOND_LANE && !halfIsFree) break;
      const runs = this.#outbox.length <= most ? this.#outbox : this.#outbox.slice(0, most);
      this.#outbox = runs.length === this.#outbox.length ? [] : this.#outbox.slice(most);
      void this.#exchange(session, lane, runs, claim);
    }
    this.#rest();
  }

  /** What to ask for now; `null`: nothing. */
  #claim(): Claim | null {
    const { host, order, random } = this.#options;
    const max = this.#claims ? Math.min(MOST, host.share(), host.wanted()) : 0;
    if (max <= 0) return null;
    return { queues: order.draw(random), max, suspect: !this.#suspectAsked && !host.holdsSuspect() };
  }

  async #exchange(session: WorkSession, lane: 0 | 1, runs: readonly Run[], claim: Claim | null): Promise<void> {
    const { clock, host, thorough } = this.#options;
    this.#lanes[lane] = true;
    this.#claiming += claim?.max ?? 0;
    this.#suspectAsked ||= claim?.suspect ?? false;
    session.calls[lane] += 1;
    const sentAt = clock.now();
    const looks = this.#looks;
    const answer = await this.#send(session, lane, runs.map(settlementOf), claim);
    this.#lanes[lane] = false;
    this.#claiming -= claim?.max ?? 0;
    if (claim?.suspect) this.#suspectAsked = false;
    if (session.over || answer === null || !answer.alive) {
      host.lost(session);
      host.dropped(runs);
      this.#tellDrained();
      return;
    }
    host.answered(clock.now() - sentAt);
    if (claim !== null) {
      // A full answer says nothing of the queues that were not asked any more.
      this.#backlog = answer.more || answer.leases.length >= claim.max;
      // What somebody was woken for meanwhile may have come after the engine looked.
      this.#workMayWait = this.#backlog || this.#looks !== looks || (thorough && runs.length > 0);
      this.#wait.learn(answer);
    }
    host.settled(runs, answer);
    if (answer.leases.length > 0) host.leased(answer.leases, session);
    this.#tellDrained();
    this.kick();
  }

  /** The answer; `null` when the session was lost, or the worker stopped, before there was one. */
  async #send(
    session: WorkSession,
    lane: 0 | 1,
    settle: readonly Settlement[],
    claim: Claim | null,
  ): Promise<ExchangeAnswer | null> {
    const { engine, clock, outage } = this.#options;
    const params = { session: session.id, lane, call: session.calls[lane], settle, claim };
    for (let failures = 0; ; failures += 1) {
      try {
        return await engine.exchange(params);
      } catch (error) {
        if (session.over) return null;
        outage.report(error);
        await pause(clock, outage.delay(failures), session.signal);
        if (session.over) return null;
      }
    }
  }

  /** Waits for work when there is nothing else to do; stops waiting when there is no slot for what would come. */
  #rest(): void {
    const { host } = this.#options;
    if (!this.#claims || this.#lanes.includes(true)) return;
    if (host.wanted() <= 0) {
      this.#wait.stop();
    } else if (!this.#workMayWait) {
      this.#wait.start();
      if (this.quiet) host.idle();
    }
  }

  #tellDrained(): void {
    if (!this.quiet && this.#session !== null && !this.#closed) return;
    const waiting = this.#drained;
    this.#drained = [];
    for (const resolve of waiting) resolve();
  }
}

function settlementOf(run: Run): Settlement {
  const { queue, id, epoch } = run.lease;
  return { queue, id, epoch, outcome: run.outcome ?? { kind: "release" } };
}
