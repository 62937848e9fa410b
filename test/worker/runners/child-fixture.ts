// A worker whose tasks run in children, on the memory engine and real time, for the tests of the runners.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import {
  connect,
  module,
  task,
  type Job,
  type JobSnapshot,
  type Longshore,
  type TaskOptions,
  type Worker,
  type WorkerOptions,
} from "longshore";
import { PATIENCE } from "../../support/patience.js";

/** The folder of `handlers.mjs` and of the other handlers. */
export const folder = fileURLToPath(new URL(".", import.meta.url));

/** The runners that have children. */
export const CHILD_RUNNERS = ["thread", "process"] as const;

export class ChildFixture {
  readonly longshore: Longshore;
  readonly worker: Worker;
  /** What the worker complained of. */
  readonly troubles: Error[] = [];

  /** A worker for these exports of a file, each a task of its name; stopped after the test. */
  static async open(
    tasks: Readonly<Record<string, TaskOptions>>,
    options: WorkerOptions = {},
    file = "handlers.mjs",
  ): Promise<ChildFixture> {
    const fixture = new ChildFixture(await connect("memory:"), tasks, options, file);
    onTestFinished(() => fixture.longshore.close());
    return fixture;
  }

  private constructor(
    longshore: Longshore,
    tasks: Readonly<Record<string, TaskOptions>>,
    options: WorkerOptions,
    file: string,
  ) {
    this.longshore = longshore;
    const made = Object.entries(tasks).map(([name, options]) => task(name, options, module(`./${file}#${name}`)));
    this.worker = longshore.worker(made, { tasksRoots: [folder], grace: 0, ...options });
    this.worker.on("error", (error) => this.troubles.push(error));
  }

  enqueue(name: string, input: unknown = null, options = {}): Promise<Job> {
    return this.longshore.enqueue(name, input, { attempts: 1, ...options });
  }

  /** Runs one job to its end. */
  async run(name: string, input: unknown = null, options = {}): Promise<JobSnapshot> {
    const job = await this.enqueue(name, input, options);
    await job.result().catch(() => {});
    return job.refresh();
  }

  /** A job whose handler has said that it is at work. Starting its child may take seconds on a busy machine. */
  async working(name: string): Promise<Job> {
    const job = await this.enqueue(name);
    await ChildFixture.until(job, ({ progress }) => progress !== null);
    return job;
  }

  /** A job that has reached a state in which it looks right. */
  static async until(job: Job, right: (job: JobSnapshot) => boolean): Promise<JobSnapshot> {
    return eventually(
      () => job.refresh(),
      (snapshot) => right(snapshot),
    );
  }
}

/** Looks until what is seen is right. */
export async function eventually<T>(look: () => T | Promise<T>, right: (seen: T) => boolean): Promise<T> {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const seen = await look();
    if (right(seen)) return seen;
    if (performance.now() > deadline) throw new Error(`still ${JSON.stringify(seen)} after ${PATIENCE} ms`);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

/** Does the process live? One that is dead and waits for its parent to notice (a zombie) does not. */
export function lives(pid: number): boolean {
  const state = spawnSync("ps", ["-o", "state=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
  return state !== "" && !state.startsWith("Z");
}
