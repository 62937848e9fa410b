/** A handle on a failure group of all queues, found by its fingerprint: to look at it, and to say or do what is to become of it. */
import { checkOptions } from "../../model/value/call-options.js";
import type { GivenGroupState } from "../../model/failure/group.js";
import { isFingerprint } from "../../model/failure/fingerprint.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { FailureGroupNotFound } from "../../model/failure/groups/group-errors.js";
import { mergeGroup, type FailureGroupSnapshot } from "../../model/failure/groups/merged-group.js";
import { parseFlag } from "../../model/value/scalar.js";
import { parseKey } from "../../model/value/name.js";
import type { BulkInput, BulkRequest } from "../bulk/bulk-request.js";
import type { BulkResult } from "../bulk/bulk-result.js";
import type { ConnectionContext } from "../connection/context.js";
import type { Job } from "../jobs/job.js";
import { eachOf, ownQueues } from "./group-reader.js";

/** Who acts on a failure group. */
export interface FailureActor {
  /** A name, up to 100 bytes of text: kept with the state of the group, and as the tag `by:…` of a bulk job. Default: unknown. */
  by?: string;
}

/** A job that does something to all jobs of a failure group. */
export type FailureBulkJob = Job<BulkResult, BulkInput>;

export class FailureHandle {
  readonly fingerprint: string;
  readonly #context: ConnectionContext;
  readonly #bulk: (request: BulkRequest) => Promise<FailureBulkJob>;

  /** @internal Handles come from `longshore.failure`. */
  constructor(
    context: ConnectionContext,
    fingerprint: string,
    bulk: (request: BulkRequest) => Promise<FailureBulkJob>,
  ) {
    this.#context = context;
    this.#bulk = bulk;
    this.fingerprint = fingerprint;
  }

  /** The group as it is now, over all queues of the application. @throws FailureGroupNotFound, EngineUnavailable */
  async refresh(): Promise<FailureGroupSnapshot> {
    const { engine } = this.#context;
    const { fingerprint } = this;
    const groups = await eachOf(await ownQueues(engine), (queue) => engine.failureGroup({ queue, fingerprint }));
    return this.#merged(groups);
  }

  /**
   * Says that it is known: more failures change nothing.
   * @returns the group as it is then
   * @throws InvalidInput, FailureGroupNotFound, EngineUnavailable
   * @example await longshore.failure(fingerprint).acknowledge({ by: "ada" });
   */
  acknowledge(actor: FailureActor = {}): Promise<FailureGroupSnapshot> {
    return this.#change("acknowledged", parseActor(actor));
  }

  /**
   * Says that it is over. It is `regressed` once a run fails that begins after this; runs that are under way say nothing of a mend.
   * @returns the group as it is then
   * @throws InvalidInput, FailureGroupNotFound, EngineUnavailable
   */
  resolve(actor: FailureActor = {}): Promise<FailureGroupSnapshot> {
    return this.#change("resolved", parseActor(actor));
  }

  /** Opens it again. @returns the group as it is then @throws InvalidInput, FailureGroupNotFound, EngineUnavailable */
  reopen(actor: FailureActor = {}): Promise<FailureGroupSnapshot> {
    return this.#change("open", parseActor(actor));
  }

  /**
   * Resolves it, and queues all of its failed jobs again, as a bulk job: of those that fail once more it regresses. When it fails
   * half-way, call it again.
   * @param options.fromStart forget the checkpoints of earlier runs. Default: false
   * @returns the bulk job: `(await job.result()).applied` says how many were queued
   * @throws InvalidInput, FailureGroupNotFound, EngineUnavailable
   * @example const { applied } = await (await longshore.failure(fingerprint).retry({ by: "ada" })).result();
   */
  async retry(options: FailureActor & { fromStart?: boolean } = {}): Promise<FailureBulkJob> {
    checkOptions(options, ["by", "fromStart"]);
    const { fromStart: from = false, ...actor } = options;
    const fromStart = parseFlag("fromStart", from);
    const by = parseActor(actor);
    // First: what is queued again is sure to be leased after it.
    await this.#change("resolved", by);
    return this.#onJobs("retry", by, { fromStart });
  }

  /**
   * Removes all of its failed jobs with all that is stored about them, as a bulk job. The group stays as it is, and is forgotten 30
   * days after its last failure.
   * @returns the bulk job: `(await job.result()).applied` says how many were removed
   * @throws InvalidInput, FailureGroupNotFound, EngineUnavailable
   */
  async discard(actor: FailureActor = {}): Promise<FailureBulkJob> {
    const by = parseActor(actor);
    await this.refresh();
    return this.#onJobs("remove", by);
  }

  #onJobs(action: "retry" | "remove", by: string | null, more: Partial<BulkRequest> = {}): Promise<FailureBulkJob> {
    const filter = { fingerprint: this.fingerprint, states: "failed" } as const;
    return this.#bulk({ action, filter, ...more, ...(by === null ? {} : { by }) });
  }

  async #change(state: GivenGroupState, by: string | null): Promise<FailureGroupSnapshot> {
    const { engine } = this.#context;
    const { fingerprint } = this;
    const groups = await eachOf(await ownQueues(engine), (queue) =>
      this.#context.send(() => engine.changeFailureGroup({ queue, fingerprint, state, by })),
    );
    return this.#merged(groups);
  }

  #merged(groups: readonly (Parameters<typeof mergeGroup>[0][number] | null)[]): FailureGroupSnapshot {
    const merged = mergeGroup(groups.filter((group) => group !== null));
    if (merged === null) throw new FailureGroupNotFound(this.fingerprint);
    return merged;
  }
}

/** Checks a fingerprint. @throws InvalidInput */
export function parseFingerprint(field: string, value: unknown): string {
  if (typeof value === "string" && isFingerprint(value)) return value;
  throw new InvalidInput(field, value, "the fingerprint of a failure: 1 to 100 characters of A-Z a-z 0-9 _ -");
}

function parseActor(actor: FailureActor): string | null {
  checkOptions(actor, ["by"]);
  const { by } = actor;
  return by === undefined ? null : parseKey("by", by, 100);
}
