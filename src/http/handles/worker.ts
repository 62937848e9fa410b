/** A worker, over HTTP. */
import type { CallOptions, Transport } from "../connection/transport.js";
import type { Worker, WorkerCommanded } from "../connection/types.js";

/**
 * The workers of a name, or one session.
 * @example await longshore.worker("scanner-1").stop();
 */
export class HttpWorker {
  readonly name: string;
  readonly #transport: Transport;
  readonly #ref: { readonly params: { readonly worker: string } };

  /** @internal */
  constructor(transport: Transport, name: string) {
    this.name = name;
    this.#transport = transport;
    this.#ref = { params: { worker: name } };
  }

  /** How they are now. @throws HttpProblem `WORKER_NOT_FOUND` */
  async refresh(call?: CallOptions): Promise<readonly Worker[]> {
    return (await this.#transport.call("GET /api/workers/{worker}", this.#ref, call)).workers;
  }

  /** It takes no more jobs; those that run go on. */
  quiet(call?: CallOptions): Promise<WorkerCommanded> {
    return this.#transport.call("POST /api/workers/{worker}/quiet", this.#ref, call);
  }

  /** It takes jobs again. */
  resume(call?: CallOptions): Promise<WorkerCommanded> {
    return this.#transport.call("POST /api/workers/{worker}/resume", this.#ref, call);
  }

  /** It stops once the jobs that run have ended. */
  stop(call?: CallOptions): Promise<WorkerCommanded> {
    return this.#transport.call("POST /api/workers/{worker}/stop", this.#ref, call);
  }
}
