/** A bulk job, over HTTP: it does something to all jobs that match a filter. */
import type { CallOptions, Transport } from "../connection/transport.js";
import type { BulkJob, JobState } from "../connection/types.js";

/**
 * A bulk job. Workers carry it out.
 * @example const { progress, result } = await (await longshore.bulk({ action: "retry", filter: { task: "scan" } })).refresh();
 */
export class HttpBulk {
  readonly id: string;
  readonly #transport: Transport;
  readonly #ref: { readonly params: { readonly id: string } };

  /** @internal */
  constructor(transport: Transport, id: string) {
    this.id = id;
    this.#transport = transport;
    this.#ref = { params: { id } };
  }

  /** How far it is, and what came of it. */
  refresh(call?: CallOptions): Promise<BulkJob> {
    return this.#transport.call("GET /api/bulk/{id}", this.#ref, call);
  }

  /** Ends it; what it has done stays done. @returns its state now */
  async cancel(call?: CallOptions): Promise<JobState> {
    return (await this.#transport.call("POST /api/bulk/{id}/cancel", this.#ref, call)).state;
  }
}
