/**
 * The live progress of a run: steps in flight, how far they are, counters, milestones, message. Every change is
 * reported to the port, which batches the reports.
 */
import type { Checkpoint } from "../../model/job/report/checkpoint.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { LONGEST_LOG_LINE } from "../../model/job/report/log.js";
import { MOST_COUNTERS, MOST_ENDED_AFTER, MOST_MILESTONES } from "../../model/job/progress.js";
import { NEARLY_ALL, type StepTally } from "../../model/job/report/step-plan.js";
import { headOf } from "../../model/text.js";
import type { Clock } from "../../model/value/clock.js";
import type { RunPort } from "../run/environment.js";
import { addCounts } from "./reported-progress.js";
import type { ActiveStep, Scope } from "./scope.js";

export class RunProgress {
  readonly #port: RunPort;
  /** `null` when the task declares no steps. */
  readonly #tally: StepTally | null;
  /** The steps in flight; ended ones are removed once they are last. */
  readonly #inFlight: ActiveStep[] = [];
  readonly #counters = new Map<string, number>();
  #milestones: readonly string[] = [];
  #status: string | null = null;
  /** The highest percentage that the handler reported, for tasks without declared steps. */
  #percent = 0;
  #message: string | null = null;
  #messageOf: ActiveStep | null = null;
  #done = 0;
  #endedAfter: readonly number[] = [];
  readonly #clock: Clock;
  readonly #startedAt: number;

  constructor(port: RunPort, tally: StepTally | null, clock: Clock) {
    this.#port = port;
    this.#tally = tally;
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
  }

  /** Adds the checkpoints of earlier runs. */
  restore(earlier: readonly Checkpoint[]): void {
    const milestones = new Set<string>();
    for (const { kind, name, key, counters } of earlier) {
      if (kind === "step" && key === null) this.#tally?.end(name);
      if (kind === "milestone") milestones.add(name);
      if (kind === "status") this.#status = name;
      for (const [counter, by] of Object.entries(counters ?? {})) this.#add(counter, by);
    }
    for (const name of this.#milestones) milestones.add(name);
    this.#milestones = [...milestones];
  }

  /** A step begins. `total`: the number of its items; `null` for a plain step. */
  begin(name: string, total: number | null, weight: number | null): ActiveStep {
    if (weight !== null) this.#tally?.weigh(name, weight);
    const step = { name, ended: false, items: total === null ? null : { done: 0, failed: 0, total }, inner: 0 };
    this.#inFlight.push(step);
    this.publish();
    return step;
  }

  /** A step has ended. */
  end(step: ActiveStep): void {
    this.#done += 1;
    // From 1, as 0 stands for an earlier run.
    this.#mark(Math.max(1, Math.round(this.#clock.monotonic() - this.#startedAt)));
    this.#tally?.end(step.name);
    this.leave(step);
  }

  /** A step is no longer in flight: it ended, or failed. */
  leave(step: ActiveStep): void {
    step.ended = true;
    while (this.#inFlight.at(-1)?.ended === true) this.#inFlight.pop();
    if (this.#messageOf === step) {
      this.#message = null;
      this.#messageOf = null;
    }
    this.publish();
  }

  /** A step had ended in an earlier run. */
  ended(name: string): void {
    this.#done += 1;
    this.#mark(0);
    this.#tally?.end(name);
    this.publish();
  }

  /** Some items of a step have ended. `reached`: the progress they had reported before. */
  endItems(step: ActiveStep, count: number, failed: number, reached: number): void {
    const { items } = step;
    if (items === null) return;
    step.items = { ...items, done: items.done + count, failed: items.failed + failed };
    this.#advance(step, -reached);
  }

  /**
   * The handler reports that `done` of `total` is done (of 100 when that is `null`), in a step or item, or outside of
   * steps (`scope` is `null`). When steps are declared, they alone determine the progress of the job.
   */
  reach(scope: Scope | null, done: number, total: number | null): void {
    const fraction = total === 0 ? 1 : done / (total ?? 100);
    if (!scope?.isItem) {
      const percent = total === null ? done : Math.floor(fraction * 100);
      this.#percent = Math.max(this.#percent, Math.min(NEARLY_ALL, percent));
    }
    if (scope === null) {
      this.publish();
    } else if (scope.isItem) {
      this.#advance(scope.step, fraction - scope.reached);
      scope.reached = fraction;
    } else {
      scope.step.items = total === null ? null : { done, failed: 0, total };
      this.#tally?.reach(scope.step.name, fraction);
      this.publish();
    }
  }

  /** A try has failed: undoes its counts and its progress. */
  drop(scope: Scope): void {
    for (const [name, by] of scope.counters) this.#add(name, -by);
    this.reach(scope, 0, null);
  }

  /** What the run does now; cleared at the end of the step that reported it. */
  message(message: string, step: ActiveStep | null): void {
    this.#message = headOf(message, LONGEST_LOG_LINE);
    this.#messageOf = step;
  }

  /** @throws InvalidInput when there would be too many counters */
  checkCounter(name: string): void {
    if (!this.#counters.has(name) && this.#counters.size >= MOST_COUNTERS) {
      throw new InvalidInput("counter", name, `at most ${MOST_COUNTERS} counters of different names`);
    }
  }

  count(name: string, by: number): void {
    this.#add(name, by);
    this.publish();
  }

  /** @throws InvalidInput when there would be too many milestones */
  checkMilestone(name: string): void {
    if (!this.#milestones.includes(name) && this.#milestones.length >= MOST_MILESTONES) {
      throw new InvalidInput("milestone", name, `at most ${MOST_MILESTONES} milestones of different names`);
    }
  }

  /** A milestone is reached. */
  milestone(name: string): void {
    if (!this.#milestones.includes(name)) this.#milestones = [...this.#milestones, name];
    this.publish();
  }

  /** The job takes a status of its task. */
  status(name: string): void {
    this.#status = name;
    this.publish();
  }

  /** Reports the present progress. */
  publish(): void {
    const step = this.#inFlight.at(-1);
    this.#port.report({
      progress: {
        percent: this.#tally?.percent ?? this.#percent,
        status: this.#status,
        message: this.#message,
        done: this.#tally?.done ?? this.#done,
        total: this.#tally?.total ?? null,
        step: step?.name ?? null,
        items: step?.items ?? null,
        counters: Object.fromEntries(this.#counters),
        milestones: this.#milestones,
        endedAfter: this.#endedAfter,
      },
    });
  }

  #mark(after: number): void {
    if (this.#endedAfter.length < MOST_ENDED_AFTER) this.#endedAfter = [...this.#endedAfter, after];
  }

  #advance(step: ActiveStep, by: number): void {
    step.inner += by;
    const { done, total } = step.items ?? { done: 0, total: 0 };
    if (total > 0) this.#tally?.reach(step.name, Math.min(1, (done + step.inner) / total));
    this.publish();
  }

  #add(name: string, by: number): void {
    this.#counters.set(name, addCounts(this.#counters.get(name) ?? 0, by));
  }
}
