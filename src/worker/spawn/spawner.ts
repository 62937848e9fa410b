/**
 * Spawns the jobs of one run. A record of the spawn is stored and each id is derived from the parent's id, so a run
 * that repeats the call makes no job twice.
 * For many jobs the run gives its slot back and starts anew when they have ended. Each job becomes a dependency right
 * after it is made, so none is lost whenever the worker dies.
 */
import { MAX_JOBS_PER_COMMAND } from "../../engine/contract/engine.js";
import { childId } from "../../model/value/child-id.js";
import { decodePayload } from "../../model/value/codec.js";
import type { DependencyRecord } from "../../model/job/dependency.js";
import { InvalidInput, Snooze, type AllFailed } from "../../model/errors/errors.js";
import type { Failure } from "../../model/failure/failure.js";
import { itemKey } from "../../model/flow/each.js";
import { Suspended } from "../../model/flow/dependency-errors.js";
import type { JobRef, JobSpec } from "../../model/job/job.js";
import { parseFlag } from "../../model/value/scalar.js";
import { parseKey } from "../../model/value/name.js";
import { parseStepName } from "../../model/job/report/step-plan.js";
import { RunFailures } from "../steps/run-failures.js";
import { scopeOf } from "../steps/scope.js";
import { keyItems, LONGEST_KEY, type StepItem } from "../steps/step-items.js";
import type { RunParts } from "../steps/run-steps.js";
import type { TakenName } from "../steps/step-names.js";
import type { ItemResults } from "../../define/step.js";
import { markHandled } from "../steps/in-flight.js";
import { cut } from "../run/report-batches.js";
import { parseEach } from "./each-input.js";
import { countUnfinished, collectResults, type SpawnedItem } from "./results.js";
import { SpawnPlan } from "./spawn-plan.js";

const ONLY_KEY = "0";

/** Many jobs of one call. */
interface SpawnBatch {
  readonly name: string;
  /** Describes the batch in errors. */
  readonly what: string;
  readonly plan: SpawnPlan;
  readonly items: readonly SpawnedItem[];
  readonly optional: boolean;
}

export class Spawner {
  readonly #parts: RunParts;
  /** The dependencies of the run's job, read once. */
  #ends: Promise<readonly DependencyRecord[]> | null = null;
  #any = false;

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  /** Has any of the spawned jobs succeeded? */
  get any(): boolean {
    return this.#any;
  }

  one(task: unknown, input: unknown, options: unknown): Promise<JobRef> {
    return markHandled(this.#one(task, input, options));
  }

  all(name: unknown, task: unknown, inputs: unknown, options: unknown): Promise<ItemResults<unknown, unknown>> {
    return markHandled(this.#all(name, task, inputs, options));
  }

  /** Makes a job of every item, as the input of the built-in task says. */
  each(input: unknown): Promise<ItemResults<unknown, unknown>> {
    const { port, environment, inFlight } = this.#parts;
    const { task, queue, options, items } = parseEach(port.job.id, input);
    const plan = new SpawnPlan(port, environment, task, { ...options, queue });
    const batch = { name: "each", what: "the job of every item", plan, items, optional: false };
    return inFlight.during(() => this.#wait(batch));
  }

  async #one(task: unknown, input: unknown, given: unknown): Promise<JobRef> {
    const { port, environment, checkpoints, inFlight } = this.#parts;
    inFlight.check();
    const { name, key = ONLY_KEY, optional = false, ...options } = objectOf(given);
    const plan = new SpawnPlan(port, environment, task, options);
    const known = parseStepName("name", name ?? plan.task);
    const own = parseKey("key", typeof key === "number" ? String(key) : key, LONGEST_KEY);
    const ifFailed = parseFlag("optional", optional) ? "continue" : "fail";
    const id = childId(port.job.id, known, own);
    const taken = this.#take(id, own);
    return inFlight.during(async () => {
      const ref = { queue: plan.queue, id };
      if (checkpoints.spawned(known, own) !== undefined) return ref;
      try {
        checkpoints.checkRoom(known, 1);
        const node = own === ONLY_KEY ? known : `${known}.${own}`;
        await this.#enqueue([await plan.spec("input", input, { id, node, ifFailed })]);
        await this.#remember(known, own, ref);
        return ref;
      } catch (error) {
        taken.giveBack();
        throw error;
      }
    });
  }

  async #all(name: unknown, task: unknown, inputs: unknown, given: unknown): Promise<ItemResults<unknown, unknown>> {
    const { port, environment, names, inFlight } = this.#parts;
    inFlight.check();
    const { key = (_: unknown, index: number) => itemKey(index), optional = false, ...options } = objectOf(given);
    if (typeof key !== "function") throw new InvalidInput("key", key, "a function of (input, index)");
    const keyed = keyItems(inputs, key as (item: unknown, index: number) => unknown, "inputs");
    const plan = new SpawnPlan(port, environment, task, options);
    const known = parseStepName("spawn", name);
    const batch = {
      name: known,
      what: `every job of spawn ${JSON.stringify(known)}`,
      plan,
      items: keyed.map((item) => this.#itemOf(known, item)),
      optional: parseFlag("optional", optional),
    };
    const taken = names.step(known, null);
    scopeOf(this.#parts.owner)?.names.push(taken);
    for (const { id, key: own } of batch.items) this.#take(id, own);
    return inFlight.during(() => this.#wait(batch));
  }

  #itemOf(name: string, { item, key }: StepItem): SpawnedItem {
    return { item, input: item, key, id: childId(this.#parts.port.job.id, name, key), node: `${name}.${key}` };
  }

  /** Makes the jobs, once; returns their results when they have ended. @throws Suspended, AllFailed */
  async #wait({ name, what, plan, items, optional }: SpawnBatch): Promise<ItemResults<unknown, unknown>> {
    const { port, progress, inFlight } = this.#parts;
    const step = progress.begin(name, items.length, null);
    try {
      const left = await this.#countUnfinished(name, plan, items);
      progress.endItems(step, items.length - left, 0, 0);
      if (left > 0) inFlight.suspend(new Suspended());
      const results = await collectResults(port.services, plan.queue, items).catch((error: unknown) => {
        if (error instanceof Snooze) inFlight.suspend(error);
        throw error;
      });
      progress.endItems(step, 0, results.errors.length, 0);
      const failure = this.#recordFailures(name, what, results);
      if (failure !== null && !optional) throw failure;
      progress.end(step);
      return results;
    } finally {
      // A suspended run keeps the step in its progress: it shows what the job waits for.
      if (!step.ended && inFlight.suspension === null) progress.leave(step);
    }
  }

  /** Makes the jobs, once; returns how many of them have not ended. */
  async #countUnfinished(name: string, plan: SpawnPlan, items: readonly SpawnedItem[]): Promise<number> {
    const made = this.#parts.checkpoints.spawned(name, null);
    if (made === undefined) {
      await this.#makeJobs(name, plan, items);
      return items.length;
    }
    if (decodePayload(made) !== items.length) {
      throw new InvalidInput(
        "inputs",
        items.length,
        `as many as in the run that made the jobs, ${made}: make them in a step`,
      );
    }
    return items.length === 0
      ? 0
      : countUnfinished(plan.queue, items, await (this.#ends ??= this.#parts.port.services.dependencies()));
  }

  /** Records the failures; returns one error for all of them when none of the jobs succeeded. */
  #recordFailures(name: string, what: string, { values, errors }: ItemResults<unknown, unknown>): AllFailed | null {
    const all = new RunFailures();
    for (const { key, error } of errors) {
      // Not retryable: each job had its own attempts, and another attempt of this job would find the same results.
      for (const failures of [all, this.#parts.failures])
        failures.add({ step: name, key, error }, thrownAs(error), false);
    }
    this.#any ||= values.length > 0;
    return values.length > 0 ? null : all.combined(what);
  }

  /** Makes jobs and makes the run's job depend on them, some at a time. */
  async #makeJobs(name: string, plan: SpawnPlan, items: readonly SpawnedItem[]): Promise<void> {
    const { port, checkpoints } = this.#parts;
    checkpoints.checkRoom(name, 1);
    const specs: JobSpec[] = [];
    for (const [index, { input, id, node }] of items.entries()) {
      specs.push(await plan.spec(`inputs[${index}]`, input, { id, node, ifFailed: "continue" }));
    }
    for (const part of cut(specs, MAX_JOBS_PER_COMMAND, ({ input }) => input.length)) {
      await this.#enqueue(part);
      await port.services.depend(part.map(({ queue, id }) => ({ queue, id })));
    }
    await this.#remember(name, null, items.length);
  }

  async #enqueue(specs: readonly JobSpec[]): Promise<void> {
    const answers = await this.#parts.port.services.enqueue(specs);
    for (const { outcome, id } of answers) {
      if (outcome !== "created")
        throw new InvalidInput("id", id, "an id that no other job has: use another name or key");
    }
  }

  async #remember(name: string, key: string | null, value: JobRef | number): Promise<void> {
    const at = this.#parts.environment.clock.now();
    const text = JSON.stringify(value);
    await this.#parts.checkpoints.save({ kind: "spawn", name, key, value: text, at, took: 0, counters: null });
  }

  #take(id: string, key: string): TakenName {
    const taken = this.#parts.names.job(id, key);
    scopeOf(this.#parts.owner)?.names.push(taken);
    return taken;
  }
}

function objectOf(given: unknown = {}): Record<string, unknown> {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new InvalidInput("options", given, "an object of options");
  }
  return { ...given };
}

/** An error object for a stored failure. */
function thrownAs({ name, message, code }: Failure): Error {
  const error = new Error(message);
  for (const [key, value] of Object.entries({ name, code, stack: undefined })) {
    if (value !== null) Object.defineProperty(error, key, { value, writable: true, configurable: true });
  }
  return error;
}
