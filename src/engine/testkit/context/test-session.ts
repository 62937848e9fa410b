/** A worker as an engine sees it: a session that claims, settles, reports and sends heartbeats when the test calls it. */
import assert from "node:assert/strict";
import { plainFailure, type Failure } from "../../../model/failure/failure.js";
import type { StepFailure } from "../../../model/failure/step-failure.js";
import type {
  Claim,
  Engine,
  ExchangeAnswer,
  HeartbeatAnswer,
  SettlementAnswer,
  Lease,
  LeaseRef,
  Outcome,
  Report,
  Settlement,
  WorkerCommandName,
  WorkerInfo,
  WorkerStatus,
} from "../../contract/engine.js";

/** The failure that `fail` reports when it is given no other. */
export const BOOM: Failure = plainFailure("Error", "boom", "E_BOOM");

/** The failures of two steps of a job that half succeeded. */
export const STEP_FAILURES: readonly StepFailure[] = [
  { step: "analyse", key: "tone", error: plainFailure("Error", "no model", "E_MODEL") },
  { step: "optional", key: null, error: plainFailure("TypeError", "ä\n\u2028 line", "E") },
];

export class TestSession {
  readonly engine: Engine;
  readonly id: string;
  readonly worker: WorkerInfo;
  /** Milliseconds. */
  readonly ttl: number;
  readonly #calls = new Map<number, number>();
  #last: Parameters<Engine["exchange"]>[0] | null = null;

  constructor(engine: Engine, id: string, worker: WorkerInfo, ttl: number) {
    this.engine = engine;
    this.id = id;
    this.worker = worker;
    this.ttl = ttl;
  }

  async open(): Promise<void> {
    await this.engine.openSession({ session: this.id, worker: this.worker, ttl: this.ttl });
  }

  /** Settles and claims in one command. `claim` has what differs from "one job of any of its queues". */
  async exchange(
    settle: readonly Settlement[] = [],
    claim: Partial<Claim> | null = null,
    lane = 0,
  ): Promise<ExchangeAnswer> {
    const call = (this.#calls.get(lane) ?? 0) + 1;
    this.#calls.set(lane, call);
    const filled = claim === null ? null : { queues: this.worker.queues, max: 1, suspect: true, ...claim };
    this.#last = { session: this.id, lane, call, settle, claim: filled };
    return this.engine.exchange(this.#last);
  }

  /** Sends the last exchange again, as a client does that got no answer. */
  async resend(): Promise<ExchangeAnswer> {
    assert.ok(this.#last, "nothing was exchanged yet");
    return this.engine.exchange(this.#last);
  }

  /** Leases up to `max` jobs. */
  async claim(max = 1, claim: Partial<Claim> = {}): Promise<readonly Lease[]> {
    const answer = await this.exchange([], { ...claim, max });
    assert.equal(answer.alive, true, "the session is alive");
    return answer.leases;
  }

  /** Leases up to `max` jobs by as many exchanges as that takes: one may give fewer than are waiting, and says so. */
  async claimMany(max: number, claim: Partial<Claim> = {}): Promise<readonly Lease[]> {
    const leases: Lease[] = [];
    for (let more = true; more && leases.length < max;) {
      const answer = await this.exchange([], { ...claim, max: max - leases.length });
      assert.equal(answer.alive, true, "the session is alive");
      leases.push(...answer.leases);
      more = answer.more && answer.leases.length > 0;
    }
    return leases;
  }

  /** Leases the next job; fails when there is none. */
  async next(): Promise<Lease> {
    const [lease] = await this.claim(1);
    assert.ok(lease, "a job is waiting");
    return lease;
  }

  /** The ids of up to `max` leased jobs. */
  async claimIds(max: number, claim: Partial<Claim> = {}): Promise<string[]> {
    return (await this.claim(max, claim)).map((lease) => lease.id);
  }

  async settle(lease: LeaseRef, outcome: Outcome): Promise<SettlementAnswer> {
    const { settled } = await this.exchange([settlement(lease, outcome)]);
    assert.equal(settled.length, 1, "one answer per settlement");
    return settled[0] ?? "stale";
  }

  complete(lease: LeaseRef, result: string | null = null): Promise<SettlementAnswer> {
    return this.settle(lease, { kind: "complete", result });
  }

  /** `retryIn`: milliseconds, or `null` for a final failure. */
  fail(lease: LeaseRef, retryIn: number | null, error: Failure = BOOM): Promise<SettlementAnswer> {
    return this.settle(lease, { kind: "fail", error, retryIn });
  }

  async report(lease: LeaseRef, update: Omit<Report, keyof LeaseRef>): Promise<SettlementAnswer> {
    const { queue, id, epoch } = lease;
    const [answer] = await this.engine.report({ session: this.id, updates: [{ queue, id, epoch, ...update }] });
    return answer ?? "stale";
  }

  async heartbeat(
    ttl = this.ttl,
    notes: { readonly status?: WorkerStatus; readonly acknowledges?: string } = {},
  ): Promise<HeartbeatAnswer> {
    return this.engine.heartbeat({ session: this.id, queues: this.worker.queues, ttl, ...notes });
  }

  /** Gives its worker a command. */
  async command(command: WorkerCommandName, op: string): Promise<boolean> {
    const [queue = ""] = this.worker.queues;
    return this.engine.commandWorker({ session: this.id, queue, command, op });
  }

  async close(): Promise<void> {
    await this.engine.closeSession({ session: this.id, queues: this.worker.queues });
  }
}

/** An outcome with the lease it ends. */
export function settlement({ queue, id, epoch }: LeaseRef, outcome: Outcome): Settlement {
  return { queue, id, epoch, outcome };
}
