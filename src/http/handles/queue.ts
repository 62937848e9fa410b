/** A queue, over HTTP. */
import type { Answer, CallOptions, Transport } from "../connection/transport.js";
import type { Queue } from "../connection/types.js";

/**
 * A queue.
 * @example await longshore.queue("scans").pause();
 */
export class HttpQueue {
  readonly name: string;
  readonly #transport: Transport;
  readonly #ref: { readonly params: { readonly queue: string } };

  /** @internal */
  constructor(transport: Transport, name: string) {
    this.name = name;
    this.#transport = transport;
    this.#ref = { params: { queue: name } };
  }

  /** How it is now. @throws HttpProblem when there is no such queue */
  refresh(call?: CallOptions): Promise<Queue> {
    return this.#transport.call("GET /api/queues/{queue}", this.#ref, call);
  }

  /** No more of its jobs start; those that run go on. A queue that does not exist yet comes into being. */
  async pause(call?: CallOptions): Promise<void> {
    await this.#transport.call("POST /api/queues/{queue}/pause", this.#ref, call);
  }

  /** Ends a pause. */
  async resume(call?: CallOptions): Promise<void> {
    await this.#transport.call("POST /api/queues/{queue}/resume", this.#ref, call);
  }

  /** Removes the jobs that wait, up to 10,000 in one call: `more` says whether some are left. @param options.delayed also those not due yet */
  drain(options: { delayed?: boolean } = {}, call?: CallOptions): Promise<Answer<"DELETE /api/queues/{queue}/jobs">> {
    return this.#transport.call("DELETE /api/queues/{queue}/jobs", { ...this.#ref, query: options }, call);
  }

  /** Removes it with all its jobs and records. @param confirm its name, again @param force also while jobs run */
  async obliterate(given: { confirm: string; force?: boolean }, call?: CallOptions): Promise<void> {
    await this.#transport.call("POST /api/queues/{queue}/obliterate", { ...this.#ref, body: given }, call);
  }
}
