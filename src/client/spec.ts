/** From a call of `enqueue` to the job as the engine takes it: input checked and encoded, options merged, id drawn. */
import { parseAfter, type AfterOptions } from "../model/after.js";
import { isSurePayload } from "../model/codec.js";
import { InvalidInput } from "../model/errors.js";
import { UNTIED, type JobSpec } from "../model/job.js";
import { parseName } from "../model/name.js";
import { parseOptions, type JobDefaults, type JobOptions, type ParsedOptions } from "../model/options.js";
import { makeSpec } from "../model/spec.js";
import { checkInput } from "../worker/input-check.js";
import type { AnyTask } from "../worker/task.js";
import type { Core } from "./core.js";

/** The options of one job, the queue it goes to, and what it waits for. */
export interface EnqueueOptions extends JobOptions, AfterOptions {
  /** Another queue than the task's. */
  queue?: string;
}

export class SpecMaker {
  readonly #core: Core;
  readonly #queueDefaults: ReadonlyMap<string, JobDefaults>;
  /** The options of jobs enqueued without any, per task. */
  readonly #plain = new WeakMap<AnyTask, ParsedOptions>();

  constructor(core: Core, queueDefaults: ReadonlyMap<string, JobDefaults>) {
    this.#core = core;
    this.#queueDefaults = queueDefaults;
  }

  /**
   * The spec of one job; a promise only when the task's schema is asynchronous.
   * @throws InvalidInput, PayloadTooLarge
   */
  make(task: AnyTask | string, input: unknown, options: EnqueueOptions | undefined): JobSpec | Promise<JobSpec> {
    if (typeof task !== "string" && task.schema !== null) {
      const checked = checkInput(task.schema, input);
      if (checked instanceof Promise) return checked.then(() => this.#build(task, input, options));
    }
    return this.#build(task, input, options);
  }

  /** The same where the input is not complete yet: what its task's schema says of it is seen when it is. */
  makeIncomplete(task: AnyTask | string, input: unknown, options: EnqueueOptions): JobSpec {
    return this.#build(task, input, options);
  }

  /** What the jobs of a queue have where nothing else is said. */
  defaultsOf(queue: string): JobDefaults | undefined {
    return this.#queueDefaults.get(queue);
  }

  /** The spec of a job for which `isSure` was true. */
  makeSure(task: AnyTask | string, input: unknown): JobSpec {
    return this.#build(task, input, undefined);
  }

  /**
   * Checks one job without making its spec, as far as that is possible: `true` when `make` can then not but succeed, at
   * once. @throws InvalidInput
   */
  isSure(task: AnyTask | string, input: unknown, options: EnqueueOptions | undefined): boolean {
    if (typeof task === "string" || task.schema !== null || options !== undefined) return false;
    this.#options(task, task.queue, options);
    return isSurePayload(input, this.#core.payloadCap);
  }

  #build(task: AnyTask | string, input: unknown, options: EnqueueOptions | undefined): JobSpec {
    const name = typeof task === "string" ? parseName("task", task) : task.name;
    const queue = options?.queue ?? (typeof task === "string" ? "default" : task.queue);
    if (options?.queue !== undefined) parseName("queue", queue);
    const parsed = this.#options(task, queue, options);
    const own = parsed.id === null ? null : { queue, id: parsed.id };
    const parts = {
      queue,
      id: own?.id ?? this.#core.nextId(queue),
      task: name,
      input,
      payloadCap: this.#core.payloadCap,
      nonce: own === null ? null : this.#core.nextOp(),
      ...(options === undefined ? {} : { ties: { ...UNTIED, after: parseAfter(options, own) } }),
    };
    return makeSpec(parts, parsed);
  }

  #options(task: AnyTask | string, queue: string, options: EnqueueOptions | undefined): ParsedOptions {
    const ofQueue = this.#queueDefaults.get(queue);
    if (typeof task === "string") return parseOptions(ofQueue, jobOptions(options));
    if (options !== undefined) return parseOptions(ofQueue, task.defaults, jobOptions(options));
    let parsed = this.#plain.get(task);
    if (parsed === undefined) {
      parsed = parseOptions(ofQueue, task.defaults);
      this.#plain.set(task, parsed);
    }
    return parsed;
  }
}

function jobOptions(options: EnqueueOptions | undefined): JobOptions | undefined {
  if (options === undefined) return undefined;
  if (typeof options !== "object" || options === null) {
    throw new InvalidInput("options", options, "an object of options");
  }
  const { queue: _queue, after: _after, on: _on, ...rest } = options;
  return rest;
}
