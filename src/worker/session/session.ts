/**
 * A worker's registration with the engine. When it is lost (the engine let it expire), all its leases are lost with it
 * and the worker opens a new one.
 */
import { randomBytes } from "node:crypto";
import type { Engine, WorkerInfo } from "../../engine/contract/engine.js";
import { codeOfBuild, encodeBuild } from "../../engine/contract/worker/builds.js";
import { sessionId } from "../../engine/contract/worker/session-id.js";

export class WorkSession {
  readonly id: string;
  readonly queues: readonly string[];
  /** The number of the last exchange of each lane. */
  readonly calls: [number, number] = [0, 0];
  readonly #over = new AbortController();

  private constructor(worker: WorkerInfo) {
    const build = encodeBuild(worker);
    const unique = randomBytes(6).toString("base64url");
    this.id = sessionId(worker.name, unique, build === null ? null : codeOfBuild(build));
    this.queues = worker.queues;
  }

  /** Aborts when the session has ended or was lost. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Has it ended or been lost? */
  get over(): boolean {
    return this.#over.signal.aborted;
  }

  /** No command uses it any more. */
  end(): void {
    this.#over.abort();
  }

  /** @param ttl milliseconds without a heartbeat until it expires */
  static async open(engine: Engine, worker: WorkerInfo, ttl: number): Promise<WorkSession> {
    const session = new WorkSession(worker);
    await engine.openSession({ session: session.id, worker, ttl });
    return session;
  }
}
