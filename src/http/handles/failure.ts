/** A failure group, over HTTP. */
import { HttpBulk } from "./bulk.js";
import type { CallOptions, Transport } from "../connection/transport.js";
import type { FailureGroup } from "../connection/types.js";

/**
 * Failed runs that share a cause.
 * @example const retried = await longshore.failure(fingerprint).retry();
 */
export class HttpFailure {
  readonly fingerprint: string;
  readonly #transport: Transport;
  readonly #ref: { readonly params: { readonly fingerprint: string } };

  /** @internal */
  constructor(transport: Transport, fingerprint: string) {
    this.fingerprint = fingerprint;
    this.#transport = transport;
    this.#ref = { params: { fingerprint } };
  }

  /** How it is now. @throws HttpProblem `FAILURE_GROUP_NOT_FOUND` */
  refresh(call?: CallOptions): Promise<FailureGroup> {
    return this.#transport.call("GET /api/failures/{fingerprint}", this.#ref, call);
  }

  /** Resolves it, and queues all of its failed jobs again. @param fromStart also what ended well */
  async retry(options: { fromStart?: boolean } = {}, call?: CallOptions): Promise<HttpBulk> {
    const request = { ...this.#ref, body: options };
    const { jobId } = await this.#transport.call("POST /api/failures/{fingerprint}/retry", request, call);
    return new HttpBulk(this.#transport, jobId);
  }

  /** Removes all of its failed jobs with all that is stored about them. */
  async discard(call?: CallOptions): Promise<HttpBulk> {
    const { jobId } = await this.#transport.call("POST /api/failures/{fingerprint}/discard", this.#ref, call);
    return new HttpBulk(this.#transport, jobId);
  }

  /** Says that it is known. */
  acknowledge(call?: CallOptions): Promise<FailureGroup> {
    return this.#transport.call("POST /api/failures/{fingerprint}/acknowledge", this.#ref, call);
  }

  /** Says that it is over: it regresses when a run fails that begins later. */
  resolve(call?: CallOptions): Promise<FailureGroup> {
    return this.#transport.call("POST /api/failures/{fingerprint}/resolve", this.#ref, call);
  }

  /** Opens it again. */
  reopen(call?: CallOptions): Promise<FailureGroup> {
    return this.#transport.call("POST /api/failures/{fingerprint}/reopen", this.#ref, call);
  }
}
