/**
 * The loop of exchange commands: each settles the runs that have ended and leases jobs for free slots. Runs that end
 * while an answer is pending join the next command, so batches grow with load; at rest no timer runs.
 * Under load a second lane sends while the first waits for its answer.
 */
import {
  MAX_JOBS_PER_COMMAND,
  type Claim,
  type Engine,
  type FencedAnswer,
  type Lease,
} from "../../engine/contract/engine.js";
import type { Clock, Random } from "../../model/value/clock.js";
import type { EngineClock } from "../session/engine-clock.js";
import type { EngineOutage } from "../session/engine-outage.js";
import type { ParsedOrder } from "./queue-order.js";
import type { Run } from "../run/run.js";
import { ExchangeSender } from "./exchange-sender.js";
import { IdleWait } from "./idle-wait.js";
import { Unanswered } from "./unanswered.js";
import type { WorkSession } from "../session/session.js";
import type { SystemWork } from "../system/system-work.js";

/** With fewer outcomes than this the second lane stays unused: small batches cost the engine more than they gain. */
const SECOND_LANE = 16;

/** What the loop asks of its worker, and the events it reports to it. */
export interface ExchangeHost {
  /** How many more leases there is room for, those being claimed already subtracted. */
  capacity(): number;
  /** The most jobs one command should carry: when jobs are short, two commands share the work. */
  batchSize(): number;
  /** The next command leases work. */
  expectsWork(): void;
  /** The TTL of a session that holds work, in milliseconds. */
  ttl(): number;
  /** The tasks whose jobs this worker takes from aside. */
  tasks(): readonly string[];
  /** The tasks of which this worker reports the jobs that ended without a run. */
  ends(): readonly string[];
  /** The worker was woken, and there was nothing to lease: something else may be to be done. */
  foundNothing(): void;
  /** Does the worker hold a suspect? */
  holdsSuspect(): boolean;
  leased(leases: readonly Lease[], session: WorkSession): void;
  /** These queues are paused: nothing of them is to begin. */
  paused(queues: readonly string[]): void;
  /** These runs are settled. `nextDue`: as in the answer. */
  settled(runs: ReadonlyMap<Run, FencedAnswer>, nextDue: number | null): void;
  /** The session was lost. */
  lost(session: WorkSession): void;
  /** These outcomes will never be settled: the leases are lost. */
  dropped(runs: readonly Run[]): void;
  /** A command got no answer and is sent again; the first copy may still be carried out late. */
  unanswered(): void;
  /** The engine answered after `ms` milliseconds. */
  answered(ms: number): void;
  /** There is nothing to lease, and no command is pending. */
  idle(): void;
}

/** What the loop is given. */
export interface ExchangeOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: Random;
  readonly order: ParsedOrder;
  readonly outage: EngineOutage;
  readonly time: EngineClock;
  readonly host: ExchangeHost;
  /** After runs have ended, claim once more before reporting idle: jobs that depended on them may be ready. */
  readonly thorough: boolean;
  /** What the worker does for the platform; `null`: nothing. */
  readonly system: SystemWork | null;
}

export class ExchangeLoop {
  readonly #options: ExchangeOptions;
  readonly #wait: IdleWait;
  readonly #sender: ExchangeSender;
  readonly #lanes: [boolean, boolean] = [false, false];
  /** When the command that each lane waits for was sent first, on the monotonic clock. */
  readonly #sentAt: [number, number] = [0, 0];
  #session: WorkSession | null = null;
  /** Since when it has no session, on the monotonic clock; `null`: it has one. */
  #withoutSince: number | null;
  #toSettle: Run[] = [];
  /** Runs that have ended and whose last reports are not stored yet. */
  readonly #unreported = new Set<Run>();
  /** The runs whose outcomes are being sent, by lane. */
  readonly #settling: [readonly Run[], readonly Run[]] = [[], []];
  /** Runs whose queue did not answer when they were to be settled. */
  readonly #unanswered: Unanswered;
  #claiming = 0;
  #suspectAsked = false;
  #workMayWait = true;
  /** Counts the calls of `wake`. */
  #wakeUps = 0;
  /** Did the last answer say that more jobs are waiting? */
  #backlog = false;
  /** Queues that woke this worker and were not asked since. Another worker should get what it cannot use. */
  #unused = new Set<string>();
  /** Is work known to wait only in the queues that woke this worker? Then a claim need not ask the others. */
  #onlyWoken = false;
  /** Is the next claim the first one after a wait? */
  #woken = false;
  #claims = true;
  #closed = false;
  #scheduled = false;
  #drained: (() => void)[] = [];

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#withoutSince = options.clock.monotonic();
    this.#sender = new ExchangeSender({ ...options, unanswered: () => options.host.unanswered() });
    const { host } = options;
    this.#unanswered = new Unanswered({
      ...options,
      unanswered: () => host.unanswered(),
      again: (runs) => {
        this.#toSettle.push(...runs);
        this.wake();
      },
    });
    this.#wait = new IdleWait({ ...options, tasks: () => host.tasks(), ends: () => host.ends() }, (sure, spent) => {
      this.#woken = true;
      if (sure) host.expectsWork();
      if (spent === null) this.wake();
      else this.#wakeFor(spent);
    });
  }

  /** Is everything settled, and no command pending? */
  get quiet(): boolean {
    const open = this.#toSettle.length + this.#unreported.size + this.#unanswered.runs.length;
    return open === 0 && !this.#lanes.includes(true);
  }

  /** How many runs have ended and are not settled yet, because their last reports are not stored. */
  get unreported(): number {
    return this.#unreported.size;
  }

  /**
   * Since when, on the monotonic clock, it has waited for what should come soon: an answer, a session, the end of a wait for work that
   * is over. `null`: for nothing; it has no slot free, or waits for work and may.
   */
  get stalledSince(): number | null {
    if (this.#closed) return null;
    const since = this.#lanes.flatMap((busy, lane) => (busy ? [this.#sentAt[lane] ?? 0] : []));
    for (const one of [this.#withoutSince, this.#wait.overdueSince]) if (one !== null) since.push(one);
    return since.length === 0 ? null : Math.min(...since);
  }

  /** Runs that have ended and whose settlement has not been answered. */
  *unsettled(): Iterable<Run> {
    yield* this.#toSettle;
    yield* this.#unreported;
    yield* this.#unanswered.runs;
    for (const runs of this.#settling) yield* runs;
  }

  /** Have all commands up to these call numbers (by lane) been answered? */
  hasAnswered(calls: readonly [number, number]): boolean {
    const sent = this.#session?.calls;
    return sent !== undefined && ([0, 1] as const).every((lane) => sent[lane] > calls[lane] || !this.#lanes[lane]);
  }

  /** How many leases the pending commands ask for. */
  get claiming(): number {
    return this.#claiming;
  }

  /**
   * Uses this session from now on; `null`: there is none. Outcomes not settled under the previous session are dropped.
   */
  begin(session: WorkSession | null): void {
    const unsettled = [...this.#toSettle, ...this.#unanswered.take()];
    this.#session = session;
    this.#withoutSince = session === null ? this.#options.clock.monotonic() : null;
    this.#toSettle = [];
    this.#workMayWait = true;
    this.#wait.stop();
    this.#options.host.dropped(unsettled);
    this.schedule();
  }

  /** The session is lost: another one is to begin. */
  lost(): void {
    this.#withoutSince ??= this.#options.clock.monotonic();
  }

  /** Settles a run with the next command, but not before `ready` has resolved. */
  settle(run: Run, ready: Promise<void> | null = null): void {
    if (ready === null) {
      this.#toSettle.push(run);
      this.schedule();
      return;
    }
    void this.#settleAfter(run, ready);
  }

  async #settleAfter(run: Run, ready: Promise<void>): Promise<void> {
    this.#unreported.add(run);
    await ready;
    this.#unreported.delete(run);
    if (!run.lost) this.#toSettle.push(run);
    this.schedule();
  }

  /** Work may be waiting: claim again. */
  wake(): void {
    this.#onlyWoken = false;
    this.#wakeUps += 1;
    this.#workMayWait = true;
    this.schedule();
  }

  /** Work waits in this queue. The others had none when they were asked last, and would have woken this worker since. */
  #wakeFor(queue: string): void {
    const others = !this.#onlyWoken && this.#workMayWait;
    this.wake();
    this.#onlyWoken = !others && !this.#options.thorough;
    this.#unused.add(queue);
  }

  /** Sends a command at the end of this turn of the event loop, if there is anything to send. */
  schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  /** Claims nothing more, until `resumeClaiming`. */
  stopClaiming(): void {
    this.#claims = false;
    this.#wait.stop();
    this.#passWakeUpOn();
  }

  /** Claims again. */
  resumeClaiming(): void {
    this.#claims = true;
    this.wake();
  }

  /** Resolves when everything is settled. */
  drained(): Promise<void> {
    if (this.quiet || this.#session === null) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Sends nothing more; commands without an answer are given up. */
  close(): void {
    this.#closed = true;
    this.#session?.end();
    this.#wait.stop();
  }

  #flush(): void {
    const session = this.#session;
    if (session === null || this.#closed) {
      this.#passWakeUpOn();
      this.#resolveDrained();
      return;
    }
    for (const lane of [0, 1] as const) {
      if (this.#lanes[lane]) continue;
      const claim = this.#claim();
      if (this.#toSettle.length === 0 && (claim === null || !this.#workMayWait)) break;
      const most = Math.min(MAX_JOBS_PER_COMMAND, this.#options.host.batchSize());
      const halfIsFree = this.#backlog && claim !== null && claim.max >= Math.max(most, SECOND_LANE);
      if (this.#lanes[1 - lane] && this.#toSettle.length < SECOND_LANE && !halfIsFree) break;
      const runs = this.#toSettle.length <= most ? this.#toSettle : this.#toSettle.slice(0, most);
      this.#toSettle = runs.length === this.#toSettle.length ? [] : this.#toSettle.slice(most);
      void this.#exchange(session, lane, runs, claim);
    }
    if (this.#full) this.#passWakeUpOn();
    this.#waitIfIdle();
  }

  /** What to claim now; `null`: nothing. */
  #claim(): Claim | null {
    const { host, order, random } = this.#options;
    const max = this.#claims ? Math.min(MAX_JOBS_PER_COMMAND, host.batchSize(), host.capacity()) : 0;
    if (max <= 0) return null;
    const suspect = !this.#suspectAsked && !host.holdsSuspect();
    const queues = this.#onlyWoken && this.#unused.size > 0 ? [...this.#unused] : order.draw(random);
    return { queues, max, suspect, tasks: host.tasks(), ttl: host.ttl() };
  }

  async #exchange(session: WorkSession, lane: 0 | 1, runs: readonly Run[], claim: Claim | null): Promise<void> {
    const { clock, host, thorough } = this.#options;
    this.#lanes[lane] = true;
    if (claim !== null) {
      this.#unused.clear();
      this.#onlyWoken = false;
    }
    this.#claiming += claim?.max ?? 0;
    this.#suspectAsked ||= claim?.suspect ?? false;
    session.calls[lane] += 1;
    this.#settling[lane] = runs;
    const sentAt = clock.monotonic();
    this.#sentAt[lane] = sentAt;
    const wakeUps = this.#wakeUps;
    const answer = await this.#sender.send(session, lane, runs, claim);
    this.#lanes[lane] = false;
    this.#settling[lane] = [];
    this.#claiming -= claim?.max ?? 0;
    if (claim?.suspect) this.#suspectAsked = false;
    if (session.over || answer === null || !answer.alive) {
      host.lost(session);
      host.dropped(runs);
      this.#resolveDrained();
      return;
    }
    host.answered(clock.monotonic() - sentAt);
    if (claim !== null) {
      // When the answer is full, the remaining queues were not asked: they may hold more.
      this.#backlog = answer.more || answer.leases.length >= claim.max;
      // A wake-up that arrived meanwhile may be for a job that came after the engine had looked.
      this.#workMayWait = this.#backlog || this.#wakeUps !== wakeUps || (thorough && runs.length > 0);
      this.#wait.learn(answer, claim.queues.length === this.#options.order.names.length);
      if (this.#woken && answer.leases.length === 0) host.foundNothing();
      this.#woken = false;
    }
    host.settled(this.#unanswered.sort(session, runs, answer), answer.nextDue);
    if (answer.leases.length > 0) host.leased(answer.leases, session);
    if (answer.paused !== undefined) host.paused(answer.paused);
    this.#resolveDrained();
    this.schedule();
  }

  /** Is there no room beyond what the pending commands may lease? */
  get #full(): boolean {
    return this.#options.host.capacity() + this.#claiming <= 0;
  }

  /** Passes an unused wake-up on to another worker. */
  #passWakeUpOn(): void {
    if (this.#unused.size === 0) return;
    const { engine, outage } = this.#options;
    const queues = [...this.#unused];
    this.#unused.clear();
    void Promise.resolve(engine.passOn({ queues })).catch((error: unknown) => outage.report(error));
  }

  /** Waits for work when there is nothing else to do; stops waiting when there is no slot for it. */
  #waitIfIdle(): void {
    const { host } = this.#options;
    if (!this.#claims) return;
    // Stop at once: jobs that this worker is about to return must not wake this worker.
    if (this.#full) {
      this.#wait.stop();
      return;
    }
    if (this.#lanes.includes(true) || host.capacity() <= 0) return;
    if (!this.#workMayWait) {
      this.#wait.start();
      if (this.quiet && !this.#unanswered.waiting) host.idle();
    }
  }

  #resolveDrained(): void {
    if (!this.quiet && this.#session !== null && !this.#closed) return;
    const waiting = this.#drained;
    this.#drained = [];
    for (const resolve of waiting) resolve();
  }
}
