/** What the spawned jobs of one call share (task, queue, options), and how an input becomes the spec of a job. */
import { InvalidInput } from "../../model/errors/errors.js";
import type { Membership } from "../../model/job/membership.js";
import type { JobRef, JobSpec } from "../../model/job/job.js";
import { parseName, parseOwnName } from "../../model/value/name.js";
import { parseOptions, type ParsedOptions } from "../../model/options/options.js";
import { makeSpec } from "../../model/options/spec.js";
import { checkValue } from "../../define/check-input.js";
import type { RunEnvironment, RunPort } from "../run/environment.js";
import type { AnyTask } from "../../define/task.js";

/** The place of a spawned job among the others. */
export interface SpawnedPlace {
  readonly id: string;
  /** Its name in the flow, without its parent's. */
  readonly node: string;
  readonly ifFailed: Membership["ifFailed"];
}

const PARENTS = ["id", "unique", "supersedes", "hold", "after"];

export class SpawnPlan {
  readonly queue: string;
  readonly #port: RunPort;
  readonly #payloadCap: number;
  readonly #task: AnyTask | string;
  readonly #options: ParsedOptions;

  /** @throws InvalidInput */
  constructor(
    port: RunPort,
    environment: RunEnvironment,
    task: unknown,
    { queue, ...options }: Record<string, unknown>,
  ) {
    for (const key of PARENTS) {
      if (options[key] === undefined) continue;
      throw new InvalidInput(key, options[key], "not for a spawned job: its parent decides its id and when it runs");
    }
    this.#port = port;
    this.#payloadCap = environment.payloadCap;
    this.#task = parseTask(task);
    const named = typeof this.#task === "string" ? null : this.#task;
    this.queue = queue === undefined ? (named?.queue ?? "default") : parseOwnName("queue", queue);
    const ofParent = { tags: port.lease.tags };
    this.#options = parseOptions(environment.queueDefaults.get(this.queue), ofParent, named?.defaults, options);
  }

  /** The name of the task. */
  get task(): string {
    return typeof this.#task === "string" ? this.#task : this.#task.name;
  }

  /**
   * The spec of a job, its input checked. `field` is the name of the input in errors.
   * @throws InvalidInput, PayloadTooLarge
   */
  async spec(field: string, input: unknown, place: SpawnedPlace): Promise<JobSpec> {
    const schema = typeof this.#task === "string" ? null : this.#task.schema;
    if (schema !== null) await checkValue(field, schema, input);
    const { id } = place;
    const { queue, task } = this;
    const links = { after: [], references: [], flow: this.#membership(place), role: "job" } as const;
    // The nonce shows whether an existing job of that id was made by another parent.
    const parts = {
      field,
      queue,
      id,
      task,
      input,
      payloadCap: this.#payloadCap,
      nonce: nonceOf(this.#port.lease),
      links,
    };
    return makeSpec(parts, this.#options);
  }

  #membership({ node, ifFailed }: SpawnedPlace): Membership | null {
    const flow = this.#port.lease.body?.flow ?? null;
    if (flow === null) return null;
    return { queue: flow.queue, id: flow.id, node: `${flow.node}.${node}`, parent: flow.node, weight: 1, ifFailed };
  }
}

function nonceOf({ queue, id }: JobRef): string {
  return `${queue}/${id}`;
}

function parseTask(task: unknown): AnyTask | string {
  if (typeof task === "string") return parseName("task", task);
  if (typeof task === "object" && task !== null && "defaults" in task && "schema" in task) return task as AnyTask;
  throw new InvalidInput("task", task, "the result of task(), or the name of a task");
}
