// The jobs of a flow as seen from outside: the commands, and the states after each. From that alone the log decides whether a
// job may run, and whether a flow ended as it should; the links that engines store are checked against it.
import assert from "node:assert/strict";
import type { Engine, EnqueueAnswer, SettlementAnswer, Lease, Outcome } from "../../src/engine/contract/engine.js";
import { DEPENDENCY_FAILED, isSuccess, type DependencyEnd } from "../../src/model/job/dependency.js";
import { flowEnd } from "../../src/model/job/membership.js";
import type { JobRecord, JobRef, JobSpec } from "../../src/model/job/job.js";
import { isTerminal } from "../../src/model/job/state.js";

interface Entry {
  readonly spec: JobSpec;
  /** As it was seen last; `null`: gone. */
  record: JobRecord | null;
  /** How it was seen to have ended, and when it was seen so last. */
  readonly ends: Map<DependencyEnd, number>;
  /** When it was queued again last. */
  retriedAt: number;
  /** Is there a reason for another run? */
  mayStart: boolean;
  runs: number;
  /** Was it removed by command? Then nothing keeps it. */
  removed: boolean;
  /** Did it come when its flow was gone? Then it was refused. */
  readonly late: boolean;
  /** From which look on it is known; when it was seen to have ended last. */
  readonly cameAt: number;
  endedAt: number;
  /** Was it cancelled by command? */
  cancelled: boolean;
  /** Was it enqueued once more when it was gone? Then the record of the first is not about it. */
  again: boolean;
}

export const nameOf = ({ queue, id }: JobRef): string => `${queue}/${id}`;

export class FlowLog {
  readonly #jobs = new Map<string, Entry>();
  readonly #begun = new Set<string>();
  /** Counts looks. */
  #time = 0;

  /** Every job that was ever accepted, the earliest first. */
  get specs(): JobSpec[] {
    return [...this.#jobs.values()].map(({ spec }) => spec);
  }

  /** A job as it was seen last; `null` when it is gone. */
  recordOf(ref: JobRef): JobRecord | null {
    return this.#jobs.get(nameOf(ref))?.record ?? null;
  }

  /** Has every job ended, or gone? */
  get hasEnded(): boolean {
    return [...this.#jobs.values()].every(({ record }) => record === null || isTerminal(record.state));
  }

  enqueued(specs: readonly JobSpec[], answers: readonly EnqueueAnswer[]): void {
    for (const [index, spec] of specs.entries()) {
      assert.equal(answers[index]?.outcome, "created");
      const known = this.#jobs.get(nameOf(spec));
      if (known === undefined) {
        const late = spec.flow !== null && this.recordOf(spec.flow) === null;
        const unseen = { record: null, ends: new Map(), retriedAt: 0, endedAt: 0, mayStart: true, runs: 0 };
        const untouched = { removed: false, cancelled: false, again: false };
        this.#jobs.set(nameOf(spec), { spec, late, cameAt: this.#time + 1, ...unseen, ...untouched });
      } else if (known.record === null) {
        known.mayStart = true;
        known.again = true;
      }
    }
  }

  /** The flow has begun. */
  begun(flow: JobRef): void {
    this.#begun.add(nameOf(flow));
  }

  hasBegun(flow: JobRef): boolean {
    return this.#begun.has(nameOf(flow));
  }

  retried(ref: JobRef): void {
    const entry = this.#of(ref);
    entry.mayStart = true;
    entry.retriedAt = this.#time + 1;
  }

  removed(ref: JobRef): void {
    this.#of(ref).removed = true;
  }

  cancelled(ref: JobRef): void {
    this.#of(ref).cancelled = true;
  }

  settled(lease: JobRef, answer: SettlementAnswer, outcome: Outcome): void {
    if (answer === "applied" && outcome.kind !== "complete" && outcome.kind !== "partial") this.givenBack(lease);
  }

  /** The job may run again: its run was not the last, or its worker is gone. */
  givenBack(ref: JobRef): void {
    this.#of(ref).mayStart = true;
  }

  /** Looks at every job. */
  async look(engine: Engine): Promise<void> {
    this.#time += 1;
    const entries = [...this.#jobs.values()];
    const records = await engine.getJobs({ refs: entries.map(({ spec: { queue, id } }) => ({ queue, id })) });
    for (const [index, entry] of entries.entries()) {
      const before = entry.record?.state ?? null;
      entry.record = records[index] ?? null;
      const state = entry.record?.state ?? "removed";
      const hadEnded = before !== null && isTerminal(before) && entry.retriedAt !== this.#time;
      if (state !== "removed" && isTerminal(state) && !hadEnded) entry.endedAt = this.#time;
      if (state === "removed" || isTerminal(state)) entry.ends.set(state, this.#time);
    }
  }

  /** A job was leased: was it its turn? Ask after a look. */
  async started(engine: Engine, { queue, id, body }: Lease): Promise<void> {
    const ref = { queue, id };
    const name = nameOf(ref);
    const entry = this.#of(ref);
    const { flow, hold } = entry.spec;
    assert.ok(entry.mayStart, `${name} is not started twice`);
    entry.mayStart = false;
    entry.runs += 1;
    assert.equal(entry.spec.role, "job", "no worker runs a flow");
    assert.deepEqual(body?.after, entry.spec.after);
    if (flow !== null && hold) assert.ok(this.hasBegun(flow), `${name} runs after its flow has begun`);
    const known = new Map((await engine.dependencies(ref)).map((dependency) => [nameOf(dependency), dependency]));
    for (const dependency of entry.spec.after) {
      const other = nameOf(dependency);
      const state = known.get(other)?.state ?? null;
      assert.ok(state !== null, `${name} does not run before ${other} has ended`);
      assert.ok(isSuccess(state) || dependency.ifFailed === "continue", `${name} runs although ${other} is ${state}`);
      this.#sawEnd(entry, this.#of(dependency), state);
    }
  }

  /** Did the dependency end so, since the job waited for it last? */
  #sawEnd(entry: Entry, dependency: Entry, state: DependencyEnd): void {
    const [name, other] = [nameOf(entry.spec), nameOf(dependency.spec)];
    // A flow that never began ends and goes in one command.
    const fleeting = dependency.spec.role === "flow" && !this.hasBegun(dependency.spec);
    const at = dependency.ends.get(state) ?? (fleeting ? dependency.ends.get("removed") : undefined);
    assert.ok(at !== undefined, `${name} got the message that ${other} is ${state}, which it never was`);
    if (!isSuccess(state))
      assert.ok(at >= entry.retriedAt, `${name} got the message that ${other} is ${state}, which is past`);
    else if (!dependency.removed) assert.ok(dependency.record !== null, `${other} is kept for ${name}`);
  }

  /**
   * What holds when nothing happens any more.
   * @param messages how they travelled: with the command they follow from, apart from it, or not all of them
   */
  async ended(engine: Engine, messages: "together" | "apart" | "lost"): Promise<void> {
    for (const { spec, record, runs, late } of this.#jobs.values()) {
      const name = nameOf(spec);
      assert.ok(record === null || isTerminal(record.state), `${name} ends, and is ${record?.state ?? "gone"}`);
      if (spec.flow !== null && spec.hold && !this.hasBegun(spec.flow)) {
        assert.equal(runs, 0, `${name} never ran`);
        if (messages === "together" && !late)
          assert.ok(record === null, `nothing is left of ${name}, whose flow never began`);
      }
      if (messages !== "lost") await this.#joined(engine, spec, messages);
      if (record?.error?.code === DEPENDENCY_FAILED && record.state === "failed")
        await this.#failedRightly(engine, record);
      if (spec.role !== "flow") continue;
      if (this.hasBegun(spec)) await this.#flowEnded(engine, spec, record);
      else assert.ok(record === null || messages === "lost", `${name}, which never began, is gone`);
    }
  }

  /** A job that names a flow that has started is a member of it, even if it joined after the end of the flow. */
  async #joined(engine: Engine, { queue, id, flow }: JobSpec, messages: "together" | "apart"): Promise<void> {
    if (flow === null || !this.hasBegun(flow)) return;
    const [entry, home] = [this.#of({ queue, id }), this.#of(flow)];
    if (entry.late || home.record === null || [entry, home].some(({ again, removed }) => again || removed)) return;
    // On its way to the flow it may have ended of itself.
    if (messages === "apart" && (entry.record?.state !== "cancelled" || entry.cancelled)) return;
    const members = await engine.dependencies({ queue: flow.queue, id: flow.id });
    assert.ok(members.map(nameOf).includes(nameOf({ queue, id })), `${queue}/${id} is a member of its flow`);
  }

  async #failedRightly(engine: Engine, record: JobRecord): Promise<void> {
    const lost = (await engine.dependencies(record)).some(
      ({ ifFailed: on, state }) => on === "fail" && state !== null && !isSuccess(state),
    );
    assert.ok(lost, `${nameOf(record)} failed for a dependency`);
  }

  async #flowEnded(engine: Engine, flow: JobSpec, record: JobRecord | null): Promise<void> {
    const name = nameOf(flow);
    if (record === null || !["completed", "partial", "failed"].includes(record.state)) return;
    const members = await engine.dependencies(flow);
    for (const member of members) {
      assert.ok(member.state !== null, `${name} ended after ${nameOf(member)}`);
      assert.ok(
        this.#of(member).ends.has(member.state),
        `${name} takes ${nameOf(member)} for ${member.state}, which it never was`,
      );
    }
    // What came since is a member of a flow that had ended.
    const { endedAt } = this.#of(flow);
    const ofThen = members.filter((member) => this.#of(member).cameAt <= endedAt);
    assert.equal(record.state, flowEnd(ofThen), `${name} ends as its members did`);
    const there = new Set(members.map(nameOf));
    for (const { spec } of this.#jobs.values()) {
      // Only those of the beginning: one that came late may have been refused.
      if (!spec.hold || spec.flow === null || nameOf(spec.flow) !== name) continue;
      assert.ok(there.has(nameOf(spec)), `${name} waits for ${nameOf(spec)}`);
    }
  }

  #of(ref: JobRef): Entry {
    const entry = this.#jobs.get(nameOf(ref));
    assert.ok(entry, `${nameOf(ref)} was enqueued`);
    return entry;
  }
}
