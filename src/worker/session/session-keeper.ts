/**
 * The session a worker speaks for: opened when the worker starts, opened anew when it was lost, closed at the end. An
 * engine that does not answer is asked again until the worker stops.
 */
import type { Engine, WorkerInfo } from "../../engine/contract/engine.js";
import { pause, type Clock } from "../../model/value/clock.js";
import { EngineClosed } from "../../model/errors/errors.js";
import type { EngineClock } from "./engine-clock.js";
import type { EngineOutage } from "./engine-outage.js";
import { ShortLives } from "./short-lives.js";
import { WorkSession } from "./session.js";

/** What a holder is given, and whom it tells. */
export interface SessionKeeperOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly info: WorkerInfo;
  readonly outage: EngineOutage;
  readonly time: EngineClock;
  /** Milliseconds. */
  readonly lease: number;
  /** Aborts when the worker stops: nothing is opened any more. */
  readonly stopping: AbortSignal;
  /** The life of a session without a heartbeat, in milliseconds. */
  readonly ttl: () => number;
  /** There is a session, and nothing was said for it yet. */
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

  /** Opens a session; resolves when there is one, or never will be. */
  open(): Promise<void> {
    this.#opening = this.#open();
    return this.#opening;
  }

  /** The session was lost. Answers `false` when that is no news. */
  lose(session: WorkSession): boolean {
    if (session.over || session !== this.#current) return false;
    session.end();
    this.#current = null;
    this.#lives.died();
    this.#lost = session;
    return true;
  }

  /** Waits for a session that is being opened. */
  settled(): Promise<void> {
    return this.#opening;
  }

  /** Ends the session: what it still holds returns to its queues. Never rejects. */
  async close(): Promise<void> {
    const { engine, outage } = this.#options;
    if (this.#current === null) return;
    try {
      await engine.closeSession({ session: this.#current.id, queues: this.#current.queues });
    } catch (error) {
      // Then it expires, and a sweep takes what it held.
      if (!(error instanceof EngineClosed)) outage.report(error);
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

  // This worker lives: what its lost session still holds goes back uncounted, before anybody takes it for a crash. Unless
  // that happens again and again: then it is left to be taken for dead, within a lease from now, and what it held counts as one.
  async #giveUpLost(): Promise<void> {
    const { engine, lease } = this.#options;
    if (this.#lost === null) return;
    const { id, queues } = this.#lost;
    if (this.#lives.counts) await engine.heartbeat({ session: id, queues, ttl: lease / 2 });
    else await engine.closeSession({ session: id, queues });
    this.#lost = null;
  }
}
