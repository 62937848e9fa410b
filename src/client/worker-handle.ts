/** A handle on a worker of any process, to command it. It is found by its name, or by one of its sessions. */
import type { WorkerCommandName } from "../engine/contract/engine.js";
import { WorkerNotFound } from "../model/errors/errors.js";
import type { ConnectionContext } from "./connection/context.js";

export class WorkerHandle {
  /** Its name, or its session, as it was given. */
  readonly name: string;
  readonly #context: ConnectionContext;

  /** @internal Handles come from `longshore.worker`. */
  constructor(context: ConnectionContext, name: string) {
    this.#context = context;
    this.name = name;
  }

  /**
   * Lets it take no more jobs: those that run go on, what it has leased ahead goes back. It keeps its session, and sweeps, until
   * `resume()`.
   * @returns the sessions that were commanded
   * @throws WorkerNotFound, EngineUnavailable
   * @example await longshore.worker("web-1").quiet();
   */
  quiet(): Promise<string[]> {
    return this.#command("quiet");
  }

  /** Lets it take jobs again. @returns the sessions that were commanded @throws WorkerNotFound, EngineUnavailable */
  resume(): Promise<string[]> {
    return this.#command("resume");
  }

  /**
   * Stops it once the jobs that run have ended, however long they take; a signal to its process still gives them its `grace`. A
   * pool replaces it.
   * @returns the sessions that were commanded
   * @throws WorkerNotFound, EngineUnavailable
   */
  stop(): Promise<string[]> {
    return this.#command("stop");
  }

  /** Workers that are lost are left out: another of that name may have taken their place. */
  async #command(command: WorkerCommandName): Promise<string[]> {
    const { engine } = this.#context;
    const found = (await engine.workers()).filter(({ name, session, liveness }) => {
      return liveness !== "lost" && (name === this.name || session === this.name);
    });
    const op = this.#context.nextOp();
    const commanded = await Promise.all(
      found.map(async ({ session, queues: [queue = ""] }) => {
        const isThere = await this.#context.send(() => engine.commandWorker({ session, queue, command, op }));
        return isThere ? [session] : [];
      }),
    );
    const sessions = commanded.flat();
    if (sessions.length === 0) throw new WorkerNotFound(this.name);
    return sessions;
  }
}
