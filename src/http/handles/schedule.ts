/** A schedule, over HTTP. */
import { HttpJob } from "./job.js";
import type { CallOptions, Transport } from "../connection/transport.js";
import type { GivenSchedule, Operations, PutSchedule, Schedule } from "../connection/types.js";

/**
 * A schedule.
 * @example await longshore.schedule("nightly").put({ task: "report", cron: "0 3 * * *", timeZone: "Europe/Berlin" });
 */
export class HttpSchedule {
  readonly name: string;
  readonly #transport: Transport;
  readonly #ref: { readonly params: { readonly name: string } };

  /** @internal */
  constructor(transport: Transport, name: string) {
    this.name = name;
    this.#transport = transport;
    this.#ref = { params: { name } };
  }

  /** How it is now. @throws HttpProblem `SCHEDULE_NOT_FOUND` */
  refresh(call?: CallOptions): Promise<Schedule> {
    return this.#transport.call("GET /api/schedules/{name}", this.#ref, call);
  }

  /** Creates it, or changes the one of this name. @throws HttpProblem `INVALID_INPUT` */
  put(schedule: GivenSchedule, call?: CallOptions): Promise<PutSchedule> {
    return this.#transport.call("PUT /api/schedules/{name}", { ...this.#ref, body: schedule }, call);
  }

  /** Removes it; its jobs stay. */
  async remove(call?: CallOptions): Promise<void> {
    await this.#transport.call("DELETE /api/schedules/{name}", this.#ref, call);
  }

  /** Enqueues a job of it now; its times stay as they are. */
  async run(call?: CallOptions): Promise<HttpJob> {
    const accepted = await this.#transport.call("POST /api/schedules/{name}/run", this.#ref, call);
    return new HttpJob(this.#transport, { id: accepted.jobId, queue: accepted.queue }, accepted);
  }

  /** When it is due next, also while it is paused. */
  async times(
    options: Operations["GET /api/schedules/{name}/times"]["query"] = {},
    call?: CallOptions,
  ): Promise<readonly string[]> {
    return (await this.#transport.call("GET /api/schedules/{name}/times", { ...this.#ref, query: options }, call))
      .times;
  }

  /** It does not fire until it is resumed. */
  async pause(call?: CallOptions): Promise<void> {
    await this.#transport.call("POST /api/schedules/{name}/pause", this.#ref, call);
  }

  /** It fires again; what was due meanwhile is not made up for. */
  async resume(call?: CallOptions): Promise<void> {
    await this.#transport.call("POST /api/schedules/{name}/resume", this.#ref, call);
  }
}
