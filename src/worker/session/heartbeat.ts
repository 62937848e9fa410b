/**
 * Renews a worker's session and receives revocations. While jobs are held it beats three times a lease, from a thread
 * of its own where the engine can be reached from one (see `heartbeat-thread.ts`).
 * At rest the session has a longer TTL and one beat in a quarter of an hour. The exchange that leases work shortens the TTL back to
 * the lease time.
 */
import type {
  Engine,
  Revocation,
  WorkerCommand,
  WorkerCommandName,
  WorkerStatus,
} from "../../engine/contract/engine.js";
import type { ParsedTarget } from "../../engine/target.js";
import { pause, systemClock, type Clock } from "../../model/value/clock.js";
import { shorterThan } from "../../model/value/shorter-signal.js";
import { unpackError } from "../errors/error-transport.js";
import { lifeOf } from "./overdue-watch.js";
import { HeartbeatLink, type HeartbeatAnswer, type HeartbeatNotes } from "./heartbeat-link.js";
import type { EngineOutage } from "./engine-outage.js";
import type { WorkSession } from "./session.js";

/** The TTL of a session at rest, and the time between its beats. Milliseconds. */
const REST_TTL = 2_700_000;
const REST_EVERY = 900_000;
/**
 * The TTL of a session whose engine is in this process: no other process could take its jobs over, and a blocked event
 * loop must not cost it its leases. Milliseconds.
 */
const PRIVATE_TTL = 24 * 3_600_000;
/**
 * The longest wait for the thread's first beat before work is taken, in milliseconds; 50 to 100 are usual. A lease of
 * this length or more cannot expire meanwhile, so nothing is waited for.
 */
const THREAD_START = 10_000;
/** How many commands are remembered. */
const MOST_OBEYED = 16;
/** The wait before a failed heartbeat is retried, in milliseconds. */
const RETRY = 500;

/** Dependencies and callbacks. */
export interface HeartbeatOptions {
  readonly engine: Engine;
  /** `null` when the engine was not opened from a target: then no thread can open it. */
  readonly target: ParsedTarget | null;
  readonly clock: Clock;
  /** Milliseconds. */
  readonly lease: number;
  /** How long past its timeout a job that blocks the event loop keeps its lease. Milliseconds. */
  readonly grace: number;
  readonly outage: EngineOutage;
  /** Does the worker hold any job? */
  readonly holds: () => boolean;
  /** The latest deadline of the running jobs; `null` when none runs. */
  readonly latestDeadline: () => number | null;
  readonly lost: (session: WorkSession) => void;
  readonly revoked: (lease: Revocation) => void;
  /** How the worker is. */
  readonly status: () => WorkerStatus;
  /** The worker was given a command: it is carried out when this returns. Called once for each. */
  readonly commanded: (command: WorkerCommandName) => void;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #every: number;
  #session: WorkSession | null = null;
  #link: HeartbeatLink | null = null;
  #threadOff: boolean;
  /** Has the thread sent an answer since it started? */
  #threadBeats = false;
  #firstBeat: () => void = () => {};
  #answeredAt = 0;
  #resting = false;
  #guarding = false;
  #beating = false;
  /** Was another heartbeat requested while one was pending? */
  #beatAgain = false;
  #beatUntil = 0;
  /** The storage identity of the last order to the thread. */
  #identity: string | null = null;
  /** The commands that were carried out, the latest last. */
  #obeyed: readonly string[] = [];
  #cancel: () => void = () => {};
  #unsubscribe: () => void = () => {};

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#every = options.lease / 3;
    this.#threadOff = options.target === null || !options.engine.info.shared || options.clock !== systemClock;
  }

  /** The TTL of a session at work, in milliseconds. */
  get ttl(): number {
    const { engine, clock, lease } = this.#options;
    return engine.info.shared || clock !== systemClock ? lifeOf(lease) : PRIVATE_TTL;
  }

  get #ttlNow(): number {
    return this.#resting ? Math.max(this.ttl, REST_TTL) : this.ttl;
  }

  /** Renews this session from now on. */
  async keep(session: WorkSession): Promise<void> {
    const { engine, revoked } = this.#options;
    this.rest();
    this.#session = session;
    this.#resting = false;
    this.#arm(this.#every);
    this.#order();
    this.#unsubscribe = await engine.onRevoked({
      session: session.id,
      queues: session.queues,
      listener: revoked,
      commanded: () => void this.beat(),
    });
    if (this.#session !== session) this.#unsubscribe();
  }

  /** Resolves when a blocked event loop cannot cost this session its leases: the thread beats, or no thread is used. */
  async guarded(signal: AbortSignal): Promise<void> {
    const { clock, lease } = this.#options;
    if (this.#threadOff || this.#threadBeats || lease >= THREAD_START) return;
    const beaten = shorterThan(signal);
    this.#firstBeat = beaten.end;
    this.#guarding = true;
    await pause(clock, THREAD_START, beaten.signal);
    beaten.end();
    this.#guarding = false;
  }

  /**
   * Work is about to be leased, which shortens the session's TTL in that queue: beat at the rate of a session at work. The
   * first beat is sent at once, so that the TTL is short in the other queues too, and the session of a worker that is
   * killed does not seem alive there for minutes.
   */
  hold(): void {
    if (!this.#resting || this.#session === null) return;
    this.#resting = false;
    this.#arm(this.#every);
    this.#order();
    if (this.#session.queues.length > 1) void this.beat();
  }

  /** A run began that may last until `deadline` (on the monotonic clock). */
  runsUntil(deadline: number): void {
    if (deadline > this.#beatUntil) this.#allow(deadline);
  }

  /** Renews the session now and receives revocations. Never rejects. */
  async beat(): Promise<void> {
    const { engine, outage, clock } = this.#options;
    const session = this.#session;
    this.#beatAgain = this.#beating;
    if (session === null || this.#beating) return;
    this.#beating = true;
    const ttl = this.#ttlNow;
    let answered = false;
    try {
      const answer = await engine.heartbeat({ session: session.id, queues: session.queues, ttl, ...this.#notes() });
      this.#answeredAt = clock.monotonic();
      answered = true;
      this.#receive({ session: session.id, ...answer });
    } catch (error) {
      outage.report(error);
      if (this.#session === session) this.#arm(Math.min(RETRY, this.#every));
    }
    this.#beating = false;
    // This beat may have been applied after work began or ended, with the TTL of before: renew again.
    if (answered && (this.#beatAgain || ttl !== this.#ttlNow)) void this.beat();
  }

  /** Renews no session from now on. */
  rest(): void {
    this.#cancel();
    this.#unsubscribe();
    this.#unsubscribe = () => {};
    this.#session = null;
    this.#order();
  }

  async close(): Promise<void> {
    this.rest();
    this.#threadOff = true;
    await this.#link?.close();
    this.#link = null;
  }

  #arm(delay: number): void {
    this.#cancel();
    this.#cancel = this.#options.clock.after(delay, () => this.#tick());
  }

  #tick(): void {
    const { clock, holds, latestDeadline } = this.#options;
    // The thread sends no beats for a session at rest, so do not rest while its first beat is awaited.
    if (!this.#resting && !holds() && !this.#guarding) {
      this.#resting = true;
      this.#order();
    }
    const now = clock.monotonic();
    this.#allow(Math.max(latestDeadline() ?? 0, now));
    this.#arm(this.#resting ? Math.max(this.#every, REST_EVERY) : this.#every);
    if ((this.#options.engine.identity ?? null) !== this.#identity) this.#order();
    this.#link?.note(this.#notes());
    const threadBeats = this.#link !== null && now - this.#answeredAt < this.#every * 1.5;
    if (this.#resting || !threadBeats) void this.beat();
  }

  #allow(time: number): void {
    const { grace, lease } = this.#options;
    this.#beatUntil = time;
    if (this.#link !== null) this.#link.until = time + Math.max(grace, lease);
  }

  /** Sends the thread its order; starts the thread when it is first needed. */
  #order(): void {
    const session = this.#resting ? null : this.#session;
    if (session !== null && this.#link === null && !this.#threadOff) this.#startThread();
    this.#identity = this.#options.engine.identity ?? null;
    this.#link?.order({
      session: session?.id ?? null,
      queues: session?.queues ?? [],
      ttl: this.ttl,
      every: this.#every,
      identity: this.#identity,
    });
  }

  #startThread(): void {
    const { target, outage, clock } = this.#options;
    if (target === null) return;
    const gone = (error: Error | null): void => {
      this.#link = null;
      this.#threadBeats = false;
      this.#firstBeat();
      // Without the thread this event loop beats; the thread is started again at the next order for a session at work.
      if (error !== null) outage.report(error);
    };
    const received = (answer: HeartbeatAnswer): void => {
      this.#threadBeats = true;
      this.#firstBeat();
      // The thread's connection does not know in which queues the session has still to begin: ask over the worker's own.
      if ("alive" in answer && !answer.alive) void this.beat();
      else this.#receive(answer);
      // The thread's beat gave a session at rest the short TTL of one at work: restore the long one.
      if (this.#resting) void this.beat();
    };
    this.#link = new HeartbeatLink(target, received, gone);
    this.#allow(Math.max(this.#beatUntil, clock.monotonic()));
  }

  #receive(answer: HeartbeatAnswer): void {
    const session = this.#session;
    if ("error" in answer) {
      this.#options.outage.report(unpackError(answer.error));
      return;
    }
    if (session === null || answer.session !== session.id) return;
    this.#answeredAt = this.#options.clock.monotonic();
    if (!answer.alive) {
      this.#options.lost(session);
      return;
    }
    for (const lease of answer.revoked) this.#options.revoked(lease);
    if (answer.command !== undefined) this.#obey(answer.command);
  }

  /** Carries out a command, and acknowledges it at once. An answer that was late may give one that was carried out before. */
  #obey({ command, op }: WorkerCommand): void {
    if (this.#obeyed.includes(op)) return;
    this.#obeyed = [...this.#obeyed.slice(-MOST_OBEYED), op];
    this.#options.commanded(command);
    this.#link?.note(this.#notes());
    void this.beat();
  }

  /** What a heartbeat carries beside the life of the session. */
  #notes(): HeartbeatNotes {
    const status = this.#options.status();
    const acknowledges = this.#obeyed.at(-1);
    return acknowledges === undefined ? { status } : { status, acknowledges };
  }
}
