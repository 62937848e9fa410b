/**
 * Keeps a worker's session alive, and hears from the engine what was taken from it. While jobs are held it beats three
 * times a lease, from a thread of its own where the engine can be reached from one (see `keeper-thread.ts`); at rest
 * the session has a longer life and needs a beat a minute. The command that leases work makes it a lease again.
 */
import type { Engine, Revocation } from "../../engine/contract/engine.js";
import type { ParsedTarget } from "../../engine/target.js";
import { pause, systemClock, type Clock } from "../../model/value/clock.js";
import { lifeOf } from "./overdue-watch.js";
import { HeartbeatLink, type HeartbeatAnswer } from "./heartbeat-link.js";
import type { EngineOutage } from "./engine-outage.js";
import type { WorkSession } from "./session.js";

/** The life of a session that holds nothing, and the time between its beats. Milliseconds. */
const REST_TTL = 180_000;
const REST_EVERY = 60_000;
/**
 * The life of a session whose engine is in this process: nobody else could take its jobs over, and an event loop that
 * is blocked must not cost it its leases. Milliseconds.
 */
const PRIVATE_TTL = 24 * 3_600_000;
/**
 * How long the thread is waited for at most before work is taken, in milliseconds: 50 to 100 are usual. A longer lease is
 * not in danger meanwhile, and nothing is waited for.
 */
const THREAD_START = 10_000;
/** The wait before a heartbeat that failed is tried again, in milliseconds. */
const RETRY = 500;

/** What a keeper is given, and whom it tells. */
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
  /** The latest deadline of the jobs that run; `null` when none does. */
  readonly latestDeadline: () => number | null;
  readonly lost: (session: WorkSession) => void;
  readonly revoked: (lease: Revocation) => void;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #every: number;
  #session: WorkSession | null = null;
  #link: HeartbeatLink | null = null;
  #threadOff: boolean;
  /** Has the thread been heard of since it started? */
  #threadBeats = false;
  #firstBeat: () => void = () => {};
  #answeredAt = 0;
  #resting = false;
  #guarding = false;
  #beating = false;
  /** Was another heartbeat asked for while one was on its way? */
  #beatAgain = false;
  #beatUntil = 0;
  /** The storage that the thread was last told of. */
  #identity: string | null = null;
  #cancel: () => void = () => {};
  #unsubscribe: () => void = () => {};

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#every = options.lease / 3;
    this.#threadOff = options.target === null || !options.engine.info.shared || options.clock !== systemClock;
  }

  /** The life of a session at work, in milliseconds. */
  get ttl(): number {
    const { engine, clock, lease } = this.#options;
    return engine.info.shared || clock !== systemClock ? lifeOf(lease) : PRIVATE_TTL;
  }

  get #ttlNow(): number {
    return this.#resting ? Math.max(this.ttl, REST_TTL) : this.ttl;
  }

  /** Keeps this session from now on. */
  async keep(session: WorkSession): Promise<void> {
    const { engine, revoked } = this.#options;
    this.rest();
    this.#session = session;
    this.#resting = false;
    this.#arm(this.#every);
    this.#order();
    this.#unsubscribe = await engine.onRevoked({ session: session.id, queues: session.queues, listener: revoked });
    if (this.#session !== session) this.#unsubscribe();
  }

  /** Resolves when a busy event loop cannot cost this session its leases: its thread beats, or there is none. */
  async guarded(signal: AbortSignal): Promise<void> {
    const { clock, lease } = this.#options;
    if (this.#threadOff || this.#threadBeats || lease >= THREAD_START) return;
    const beaten = new AbortController();
    this.#firstBeat = () => beaten.abort();
    this.#guarding = true;
    await pause(clock, THREAD_START, AbortSignal.any([signal, beaten.signal]));
    this.#guarding = false;
  }

  /** Work is about to be leased, which shortens the session's life: beat as one at work. */
  hold(): void {
    if (!this.#resting || this.#session === null) return;
    this.#resting = false;
    this.#arm(this.#every);
    this.#order();
  }

  /** A run began that may go on until `deadline` (on the monotonic clock). */
  runsUntil(deadline: number): void {
    if (deadline > this.#beatUntil) this.#allow(deadline);
  }

  /** Renews the session now and learns what was taken from it. Never rejects. */
  async beat(): Promise<void> {
    const { engine, outage, clock } = this.#options;
    const session = this.#session;
    this.#beatAgain = this.#beating;
    if (session === null || this.#beating) return;
    this.#beating = true;
    const ttl = this.#ttlNow;
    let answered = false;
    try {
      const answer = await engine.heartbeat({ session: session.id, queues: session.queues, ttl });
      this.#answeredAt = clock.monotonic();
      answered = true;
      this.#receive({ session: session.id, ...answer });
    } catch (error) {
      outage.report(error);
      if (this.#session === session) this.#arm(Math.min(RETRY, this.#every));
    }
    this.#beating = false;
    // One that was sent before work began or ended may have been carried out after it.
    if (answered && (this.#beatAgain || ttl !== this.#ttlNow)) void this.beat();
  }

  /** Keeps no session. */
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
    // A session at rest has no beats from the thread, and its first one may still be waited for.
    if (!this.#resting && !holds() && !this.#guarding) {
      this.#resting = true;
      this.#order();
    }
    const now = clock.monotonic();
    this.#allow(Math.max(latestDeadline() ?? 0, now));
    this.#arm(this.#resting ? Math.max(this.#every, REST_EVERY) : this.#every);
    if ((this.#options.engine.identity ?? null) !== this.#identity) this.#order();
    const threadBeats = this.#link !== null && now - this.#answeredAt < this.#every * 1.5;
    if (this.#resting || !threadBeats) void this.beat();
  }

  #allow(time: number): void {
    const { grace, lease } = this.#options;
    this.#beatUntil = time;
    if (this.#link !== null) this.#link.until = time + Math.max(grace, lease);
  }

  /** Tells the thread what to do, and starts it when it is needed for the first time. */
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
      // Without its thread the worker beats by itself, and tries a thread again when it is next at work.
      if (error !== null) outage.report(error);
    };
    const received = (answer: HeartbeatAnswer): void => {
      this.#threadBeats = true;
      this.#firstBeat();
      this.#receive(answer);
      // The last word on a session at rest is the worker's: the thread gave it the life of one at work.
      if (this.#resting) void this.beat();
    };
    this.#link = new HeartbeatLink(target, received, gone);
    this.#allow(Math.max(this.#beatUntil, clock.monotonic()));
  }

  #receive(answer: HeartbeatAnswer): void {
    const session = this.#session;
    if ("error" in answer) {
      this.#options.outage.report(new Error(answer.error));
      return;
    }
    if (session === null || answer.session !== session.id) return;
    this.#answeredAt = this.#options.clock.monotonic();
    if (!answer.alive) {
      this.#options.lost(session);
      return;
    }
    for (const lease of answer.revoked) this.#options.revoked(lease);
  }
}
