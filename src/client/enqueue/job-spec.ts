/** From a call of `enqueue` to a job spec: input checked and encoded, options merged, id generated. */
import { parseAfter, type AfterOptions } from "../../model/options/after.js";
import { isPlainPayload } from "../../model/value/codec.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { UNLINKED, type JobSpec } from "../../model/job/job.js";
import { parseName, parseOwnName } from "../../model/value/name.js";
import { parseOptions, type JobDefaults, type JobOptions, type ParsedOptions } from "../../model/options/options.js";
import { makeSpec } from "../../model/options/spec.js";
import { isThenable } from "../../model/value/thenable.js";
import { checkInput } from "../../define/check-input.js";
import { isFlow } from "../../define/flow.js";
import type { AnyTask } from "../../define/task.js";
import type { ConnectionContext } from "../connection/context.js";

/** The options of one job, its queue, and its dependencies. */
export interface EnqueueOptions extends JobOptions, AfterOptions {
  /** Another queue than the task's. */
  queue?: string;
}

/**
 * Refuses what the compiler does too: a function, or a task that an import in a circle has not made yet.
 * @throws InvalidInput
 */
export function checkTask(task: unknown): void {
  if (typeof task === "string" || (typeof task === "object" && task !== null && "schema" in task && !isFlow(task)))
    return;
  throw new InvalidInput("task", task, "it must be a task, or the name of one: a job carries an input and no code");
}

export class SpecMaker {
  readonly #context: ConnectionContext;
  readonly #queueDefaults: ReadonlyMap<string, JobDefaults>;
  /** The parsed options of jobs enqueued without any, per task. */
  readonly #plain = new WeakMap<AnyTask, ParsedOptions>();

  constructor(context: ConnectionContext, queueDefaults: ReadonlyMap<string, JobDefaults>) {
    this.#context = context;
    this.#queueDefaults = queueDefaults;
  }

  /**
   * The spec of one job; a promise only when the task's schema is asynchronous.
   * @param own options that go before `options`, by the same rules as those before the task's
   * @throws InvalidInput, PayloadTooLarge
   */
  make(
    task: AnyTask | string,
    input: unknown,
    options: EnqueueOptions | undefined,
    own?: EnqueueOptions,
  ): JobSpec | Promise<JobSpec> {
    checkTask(task);
    const layers = layersOf(options, own);
    if (typeof task !== "string" && task.schema !== null) {
      const checked = checkInput(task.schema, input);
      if (isThenable(checked)) return Promise.resolve(checked).then(() => this.#build(task, input, layers));
    }
    return this.#build(task, input, layers);
  }

  /** The same where the input is not complete yet: the worker checks it against the task's schema once it is. */
  makeIncomplete(task: AnyTask | string, input: unknown, options: EnqueueOptions): JobSpec {
    return this.#build(task, input, layersOf(options));
  }

  /** The default options of a queue's jobs. */
  defaultsOf(queue: string): JobDefaults | undefined {
    return this.#queueDefaults.get(queue);
  }

  /** The spec of a job for which `takesFastPath` was true. */
  makeFast(task: AnyTask | string, input: unknown): JobSpec {
    return this.#build(task, input, NONE);
  }

  /**
   * Checks one job without making its spec, as far as that is possible: `true` means that `make` is certain to succeed,
   * synchronously. @throws InvalidInput
   */
  takesFastPath(task: AnyTask | string, input: unknown): boolean {
    if (typeof task === "string" || task.schema !== null) return false;
    this.#options(task, task.queue, NONE);
    return isPlainPayload(input, this.#context.payloadCap);
  }

  #build(task: AnyTask | string, input: unknown, ofCall: readonly EnqueueOptions[]): JobSpec {
    const name = typeof task === "string" ? parseName("task", task) : task.name;
    const named = nearest(ofCall, "queue");
    const ofTask = typeof task === "string" ? "default" : task.queue;
    const queue = named === undefined ? ofTask : parseOwnName("queue", named);
    const parsed = this.#options(task, queue, ofCall);
    const own = parsed.id === null ? null : { queue, id: parsed.id };
    const waits = { after: nearest(ofCall, "after"), ifFailed: nearest(ofCall, "ifFailed") };
    const parts = {
      queue,
      id: own?.id ?? this.#context.nextId(queue),
      task: name,
      input,
      payloadCap: this.#context.payloadCap,
      nonce: own === null ? null : this.#context.nextOp(),
      ...(ofCall.length === 0 ? {} : { links: { ...UNLINKED, after: parseAfter(waits, own) } }),
    };
    return makeSpec(parts, parsed);
  }

  #options(task: AnyTask | string, queue: string, ofCall: readonly EnqueueOptions[]): ParsedOptions {
    const ofQueue = this.#queueDefaults.get(queue);
    if (ofCall.length > 0 || typeof task === "string") {
      const ofJobs = ofCall.map(({ queue: _queue, after: _after, ifFailed: _on, ...rest }): JobOptions => rest);
      return parseOptions(ofQueue, typeof task === "string" ? undefined : task.defaults, ...ofJobs);
    }
    let parsed = this.#plain.get(task);
    if (parsed === undefined) {
      parsed = parseOptions(ofQueue, task.defaults);
      this.#plain.set(task, parsed);
    }
    return parsed;
  }
}

const NONE: readonly EnqueueOptions[] = [];

/** The given options, the weaker before the stronger. @throws InvalidInput */
function layersOf(options: EnqueueOptions | undefined, own?: EnqueueOptions): readonly EnqueueOptions[] {
  // Most jobs have no options.
  if (options === undefined && own === undefined) return NONE;
  const layers: EnqueueOptions[] = [];
  for (const layer of [options, own]) {
    if (layer === undefined) continue;
    if (typeof layer !== "object" || layer === null || Array.isArray(layer)) {
      throw new InvalidInput("options", layer, "an object of options");
    }
    layers.push(layer);
  }
  return layers;
}

/** The value of an option in the strongest layer that has it. */
function nearest<Key extends keyof EnqueueOptions>(
  layers: readonly EnqueueOptions[],
  key: Key,
): EnqueueOptions[Key] | undefined {
  let found: EnqueueOptions[Key] | undefined;
  for (const layer of layers) if (layer[key] !== undefined) found = layer[key];
  return found;
}
