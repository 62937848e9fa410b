/**
 * Runs jobs in threads and processes: finds the module, takes a child that fits the task, gives it back. At most as
 * many children live as the worker runs jobs at a time, plus those kept ready.
 */
import { randomBytes } from "node:crypto";
import type { Clock } from "../../model/value/clock.js";
import type { Lease } from "../../engine/contract/engine.js";
import { InvalidInput } from "../../model/errors/errors.js";
import type { JobDefaults } from "../../model/options/options.js";
import { statusOptions } from "../../model/profile/status-machine.js";
import type { Run } from "../run/run.js";
import type { ChildLink } from "./channel/child-link.js";
import { ChildPool } from "./child-pool.js";
import { OrphanGuard } from "./orphan-guard.js";
import type { AnyTask } from "../../define/task.js";
import { loadHandler, type LoadedHandler } from "./handler-loader.js";
import { findModule } from "./module-finder.js";
import type { ModuleReference } from "../../define/module.js";
import { ProcessLink } from "./process-link.js";
import type { RunOrder } from "./channel/protocol.js";
import { RemoteRun, type RemoteEnd } from "./remote-run.js";
import type { ParsedRunner } from "../../define/runner-options.js";
import { ThreadLink } from "./thread-link.js";

/** Dependencies. */
export interface RunnersOptions {
  readonly clock: Clock;
  readonly concurrency: number;
  /** The folders that modules are loaded from. */
  readonly roots: readonly string[];
  /** The most bytes of JSON of a result. */
  readonly payloadCap: number;
  readonly queueDefaults: ReadonlyMap<string, JobDefaults>;
  readonly currentJob: boolean;
}

/** A job for a child. */
export interface RemoteJob {
  readonly run: Run;
  readonly task: AnyTask;
  readonly module: ModuleReference;
  /** The output of the task's schema, or the input if it has none; references are filled in. */
  readonly input: unknown;
}

export class Runners {
  readonly #options: RunnersOptions;
  readonly #orphanGuard = new OrphanGuard();
  readonly #pools = new Map<string, ChildPool>();

  constructor(options: RunnersOptions) {
    this.#options = options;
  }

  /** Loads a module into this process. @throws ModuleNotFound, ModuleRefused, any error of the module's import */
  async load(module: ModuleReference): Promise<LoadedHandler> {
    return loadHandler(await findModule(module, this.#options.roots), module.export);
  }

  /** Runs a job in a child. Never rejects. */
  async run(job: RemoteJob): Promise<RemoteEnd> {
    const { run, task, module } = job;
    try {
      const file = await findModule(module, this.#options.roots);
      const pool = this.#poolOf(task.runner);
      for (;;) {
        // The run may have been cancelled, or have timed out, while its file was looked up.
        run.signal.throwIfAborted();
        const end = await this.#runIn(pool, job, file);
        if (end !== null) return end;
      }
    } catch (error) {
      return { thrown: error, final: false };
    }
  }

  /** Kills the children that run jobs; resolves when they and all they started are gone. Never rejects. */
  async killAll(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.killAll()));
  }

  /** Closes all children; resolves when they and all they started are gone. Never rejects. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
    await this.#orphanGuard.close();
  }

  async #runIn(pool: ChildPool, job: RemoteJob, file: string): Promise<RemoteEnd | null> {
    const { run, task } = job;
    const order = this.#orderOf(job, file);
    const child = pool.take();
    const remote = new RemoteRun(run, task, child, this.#options.clock);
    try {
      return await remote.execute(order);
    } catch (error) {
      remote.reusable = true;
      const rule = `a value that can be copied to a ${task.runner.kind}: ${String(error)}`;
      return { thrown: new InvalidInput("input", "[the output of the schema]", rule, { cause: error }), final: true };
    } finally {
      pool.giveBack(child, remote.reusable);
    }
  }

  #orderOf({ run, task, module, input }: RemoteJob, file: string): RunOrder {
    const { payloadCap, queueDefaults, currentJob } = this.#options;
    const { lease, job } = run;
    const { steps, milestones, statuses, schema, runner } = task;
    return {
      // The input is sent once, beside the lease.
      lease: { ...lease, body: lease.body === null ? null : { ...lease.body, input: "null" } },
      job,
      file,
      export: module.export,
      input: schema === null ? { text: inputText(lease, input) } : { value: input },
      steps: typeof steps === "function" ? steps(input as never) : steps,
      milestones: milestones === null ? null : [...milestones.keys()],
      statuses: statuses === null ? null : statusOptions(statuses),
      payloadCap,
      queueDefaults,
      currentJob,
      fresh: runner.fresh,
    };
  }

  #poolOf(runner: ParsedRunner): ChildPool {
    const { kind, maxMemory, fresh, maxJobsPerChild } = runner;
    const key = [kind, maxMemory, fresh, maxJobsPerChild].join(" ");
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      const start = (): ChildLink => this.#start(runner);
      pool = new ChildPool({ clock: this.#options.clock, maxJobsPerChild, start, starting: () => this.#makeRoom() });
      this.#pools.set(key, pool);
    }
    return pool;
  }

  #start({ kind, maxMemory }: ParsedRunner): ChildLink {
    const { payloadCap } = this.#options;
    const mark = randomBytes(12).toString("hex");
    return kind === "thread"
      ? new ThreadLink(mark, maxMemory, payloadCap)
      : new ProcessLink(mark, maxMemory, payloadCap, this.#orphanGuard);
  }

  /** Closes an idle child when as many live as jobs run at a time. */
  #makeRoom(): void {
    let living = 0;
    for (const { children } of this.#pools.values()) {
      for (const child of children) if (!child.ending) living += 1;
    }
    if (living < this.#options.concurrency) return;
    for (const pool of this.#pools.values()) if (pool.closeOne()) return;
  }
}

/** The JSON text of an input that no schema of the task has transformed. */
function inputText({ body }: Lease, input: unknown): string {
  return body === null || body.references.length > 0 ? JSON.stringify(input) : body.input;
}
