/**
 * One run in one child, seen from the worker: sends the job, receives the handler's reports, passes the abort signal
 * on, and kills a child that does not obey it in time. It ends when the child has reported the end, or is gone with
 * everything it started: only then is its slot free.
 */
import type { Clock } from "../../model/value/clock.js";
import { decodePayload } from "../../model/value/codec.js";
import { ChildDied, OutOfMemory, TimedOut } from "../../model/errors/errors.js";
import type { Outcome } from "../../engine/contract/engine.js";
import { perform, type ServiceCall, type ServiceCallOf } from "../run/job-services.js";
import type { Run } from "../run/run.js";
import { encodeMilestone } from "../../define/milestones.js";
import type { AnyTask } from "../../define/task.js";
import type { Child } from "./child.js";
import type { Death, ChildMessages } from "./channel/child-link.js";
import type { Answer, FromChild, RunOrder } from "./channel/protocol.js";
import { packError, unpackError } from "../errors/error-transport.js";

/** How often (milliseconds) the memory of a child with a limit is checked. */
const MEMORY_CHECK_EVERY = 100;

/** The result of a run. `final`: another attempt cannot help. */
export type RemoteEnd = { readonly outcome: Outcome } | { readonly thrown: unknown; readonly final: boolean };

/**
 * The last message of a child about a run. `null`: the run has not begun, because the code the child has loaded has
 * changed.
 */
type ExitReply = Extract<FromChild, { kind: "ended" }> | null;

export class RemoteRun {
  /** May the child run another job? */
  reusable = false;
  readonly #run: Run;
  readonly #child: Child;
  readonly #task: AnyTask;
  readonly #clock: Clock;
  #over = false;
  #overMemory = false;
  /** Why a message of the child could not be read; `null` if all could. */
  #malformed: string | null = null;
  #cancelKill: () => void = () => {};
  #cancelMemoryCheck: () => void = () => {};

  constructor(run: Run, task: AnyTask, child: Child, clock: Clock) {
    this.#run = run;
    this.#task = task;
    this.#child = child;
    this.#clock = clock;
  }

  /** Runs it, once. `null`: another child must run it. @throws DOMException when the input cannot be copied */
  async execute(order: RunOrder): Promise<RemoteEnd | null> {
    const { signal } = this.#run;
    const passOn = (): void => this.#abort();
    signal.addEventListener("abort", passOn, { once: true });
    try {
      const replied = new Promise<ExitReply>((resolve) =>
        this.#child.listen((message) => this.#receive(message, resolve)),
      );
      this.#child.send({ kind: "run", order });
      const { maxMemory } = this.#task.runner;
      if (maxMemory !== null) this.#scheduleMemoryCheck(maxMemory);
      return await Promise.race([
        replied.then((reply) => this.#endOf(reply)),
        this.#child.gone.then((death) => this.#endBy(death)),
      ]);
    } finally {
      this.#over = true;
      this.#cancelKill();
      this.#cancelMemoryCheck();
      signal.removeEventListener("abort", passOn);
    }
  }

  #receive(message: ChildMessages, end: (reply: ExitReply) => void): void {
    switch (message.kind) {
      case "malformed":
        this.#malformed = message.why;
        this.#child.kill();
        break;
      case "report":
        if (this.#malformed === null) for (const update of message.updates) this.#run.report(update);
        break;
      case "call":
        void this.#answer(message.number, message.call);
        break;
      case "stale":
        end(null);
        break;
      case "ended":
        if (this.#malformed === null) end(message);
        break;
    }
  }

  async #answer(number: number, call: ServiceCall): Promise<void> {
    const answer = await this.#perform(call).catch((error: unknown): Answer => ({ refused: packError(error) }));
    if (!this.#over) this.#child.send({ kind: "answer", number, answer });
  }

  async #perform(call: ServiceCall): Promise<Answer> {
    const checked = call.name === "saveCheckpoint" ? this.#withMilestone(call) : call;
    return { value: await perform(this.#run.services, checked) };
  }

  /**
   * Checks a milestone's value against its schema here: schemas are functions, and those cannot be sent to the child.
   */
  #withMilestone(call: ServiceCallOf<"saveCheckpoint">): ServiceCall {
    const [checkpoint] = call.args;
    if (checkpoint.kind !== "milestone") return call;
    const { name, value } = checkpoint;
    const checked = encodeMilestone(this.#task.milestones, name, decodePayload(value));
    return { ...call, args: [{ ...checkpoint, value: checked }] };
  }

  #abort(): void {
    this.#child.send({ kind: "abort", reason: packError(this.#run.signal.reason) });
    this.#cancelKill = this.#clock.after(this.#task.runner.killGrace, () => this.#child.kill());
  }

  #scheduleMemoryCheck(limit: number): void {
    this.#cancelMemoryCheck = this.#clock.after(MEMORY_CHECK_EVERY, () => void this.#checkMemory(limit));
  }

  async #checkMemory(limit: number): Promise<void> {
    const used = await this.#child.memory();
    if (this.#over || used === null) return;
    if (used <= limit) {
      this.#scheduleMemoryCheck(limit);
    } else {
      this.#overMemory = true;
      this.#child.kill();
    }
  }

  #endOf(reply: ExitReply): RemoteEnd | null {
    this.reusable = reply?.reusable ?? false;
    if (reply === null) return null;
    const late = this.#timedOut();
    if (late !== null) return late;
    return "outcome" in reply.end ? reply.end : { thrown: unpackError(reply.end.thrown), final: reply.end.final };
  }

  #endBy({ how, exitCode, signal, lastStderr, error, heapFull }: Death): RemoteEnd {
    const late = this.#timedOut();
    if (late !== null) return late;
    const cause = error === null ? {} : { cause: error };
    if (this.#overMemory || heapFull) {
      return { thrown: new OutOfMemory(this.#task.runner.maxMemory, cause), final: false };
    }
    const tail = lastStderr === "" ? "" : `; it last wrote: ${lastStderr}`;
    const why = this.#malformed === null ? how : `was ended because its messages could not be read: ${this.#malformed}`;
    const what = `the ${this.#task.runner.kind} that ran the job ${why}${tail}`;
    return { thrown: new ChildDied(what, exitCode, signal, cause), final: false };
  }

  /** A run that timed out ends with that error, even if its handler still returned. */
  #timedOut(): RemoteEnd | null {
    const { reason } = this.#run.signal;
    return reason instanceof TimedOut ? { thrown: reason, final: false } : null;
  }
}
