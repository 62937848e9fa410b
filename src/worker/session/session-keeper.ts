/**
 * The worker's session: opened at start, opened anew when lost, closed at the end. While the engine does not answer,
 * opening is retried until the worker stops.
 */
import type { Engine, WorkerInfo } from "../../engine/contract/engine.js";
import { pause, type Clock } from "../../model/value/clock.js";
import { EngineClosed } from "../../model/errors/errors.js";
import type { EngineClock } from "./engine-clock.js";
import type { EngineOutage } from "./engine-outage.js";
import { ShortLives } from "./short-lives.js";
import { WorkSession } from "./session.js";

/** Dependencies and callbacks. */
export interface SessionKeeperOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly info: WorkerInfo;
  readonly outage: EngineOutage;
  readonly time: EngineClock;
  /** Milliseconds. */
  readonly lease: number;
  /** Aborts when the worker stops: no session is opened after that. */
  readonly stopping: AbortSignal;
  /** The TTL of a session, in milliseconds. */
  readonly ttl: () => number;
  /** A session was opened and has not been used yet. */
  readonly opened: (session: WorkSession) => Promise<void>;
  /** The engine was closed: there will be no session. */
  readonly closed: () => void;
}

export class SessionKeeper {
  readonly #options: SessionKeeperOptions;
  readonly #lives: ShortLives;
  #current: WorkSession | null = null;
  #lost: WorkSession | null = null;
  #opening: Promise<void> = Promise.resolve();

  constructor(options: SessionKeeperOptions) {
    this.#options = options;
    this.#lives = new ShortLives(options);
  }

  /** Opens a session; resolves when it is open, or when none will be opened any more. */
  open(): Promise<void> {
    this.#opening = this.#open();
    return this.#opening;
  }

  /** The session was lost. Returns `false` when that was known already. */
  lose(session: WorkSession): boolean {
    if (session.over || session !== this.#current) return false;
    session.end();
    this.#current = null;
    this.#lives.died();
    this.#lost = session;
    return true;
  }

  /** Resolves when no session is being opened. */
  settled(): Promise<void> {
    return this.#opening;
  }

  /** Ends the session; jobs it still holds return to their queues. Never rejects. */
  async close(): Promise<void> {
    const { engine, outage } = this.#options;
    if (this.#current === null) return;
    try {
      await engine.closeSession({ session: this.#current.id, queues: this.#current.queues });
    } catch (error) {
      // The session will expire, and a sweep recovers its jobs.
      outage.report(error);
    }
  }

  async #open(): Promise<void> {
    const { engine, clock, info, outage, time, stopping, ttl, opened, closed } = this.#options;
    let { wait } = this.#lives;
    for (let failures = 0; !stopping.aborted; failures += 1) {
      try {
        time.learn(await engine.now());
        await this.#giveUpLost();
        if (wait > 0) await pause(clock, wait, stopping);
        if (stopping.aborted) return;
        wait = 0;
        this.#current = await WorkSession.open(engine, info, ttl());
        this.#lives.born();
        await opened(this.#current);
        return;
      } catch (error) {
        if (error instanceof EngineClosed) {
          closed();
          return;
        }
        outage.report(error);
        await pause(clock, outage.delay(failures), stopping);
      }
    }
  }

  // The worker is alive, so the jobs of its lost session are returned uncounted before a sweep counts them as crashed.
  // After repeated losses the session is left to expire within half a lease instead, and the sweep counts the crash.
  async #giveUpLost(): Promise<void> {
    const { engine, lease } = this.#options;
    if (this.#lost === null) return;
    const { id, queues } = this.#lost;
    if (this.#lives.counts) await engine.heartbeat({ session: id, queues, ttl: lease / 2 });
    else await engine.closeSession({ session: id, queues });
    this.#lost = null;
  }
}
