/**
 * Workers that run the code as it is now: when a file of it changes, its tasks are loaded in a thread first. If that works, the
 * server knows them from then on and the workers are replaced, one after the other, their running jobs ended or handed back
 * uncounted; if not, everything goes on as it was, or waits for the next change.
 */
import type { AnyTask } from "../../define/task.js";
import type { Readiness } from "../health/readiness.js";
import { Pool, type PoolOptions } from "../pool/worker-pool.js";
import { messageOf } from "../terminal/exit.js";
import type { Log } from "../terminal/log.js";
import { LoadedTasks } from "../watch/loaded-tasks.js";
import { SourceWatch, type SourceWatchOptions } from "../watch/source-watch.js";
import { syntaxPlace } from "../tasks/syntax-place.js";
import type { TasksRequest } from "../watch/tasks-message.js";
import type { Workers } from "./workers.js";

export interface WatchedOptions {
  readonly request: TasksRequest;
  readonly pool: PoolOptions;
  /** What the code is made of, and how it is followed. */
  readonly source: Omit<SourceWatchOptions, "changed">;
  readonly log: Log;
  /** There are new tasks. */
  readonly loaded: (tasks: readonly AnyTask[]) => void;
}

export class WatchedWorkers implements Workers {
  readonly finished: Promise<number>;
  readonly #options: WatchedOptions;
  readonly #watch: SourceWatch;
  #finish: (code: number) => void = () => {};
  #pool: Pool | null = null;
  #tasks: LoadedTasks | null = null;
  #loading = new AbortController();
  #started = false;
  #updating = false;
  #changedAgain = false;
  #changedFiles: readonly string[] = [];
  #stopping = false;

  constructor(options: WatchedOptions) {
    this.#options = options;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#watch = new SourceWatch({ ...options.source, changed: (files) => this.#changed(files) });
  }

  /** Begins to follow the code, and loads its tasks; none when that does not work, which is logged. */
  async load(): Promise<readonly AnyTask[]> {
    await this.#watch.start();
    await this.#load();
    return this.#tasks?.tasks ?? [];
  }

  /** Begins to run what `load` has loaded. */
  start(): void {
    this.#started = true;
    if (this.#tasks !== null) void this.#renew();
    if (this.#changedAgain) void this.#update();
  }

  /** Ends what does not end by itself: the look at files, the thread. */
  async close(): Promise<void> {
    this.#watch.stop();
    this.#loading.abort();
    await this.#tasks?.close();
  }

  readonly ready: Readiness = async () => this.#pool !== null && this.#pool.ready();

  stop(why: Readonly<Record<string, unknown>>): void {
    const first = !this.#stopping;
    this.#stopping = true;
    this.#watch.stop();
    if (this.#pool !== null) {
      this.#pool.stop(why);
    } else if (first) {
      this.#options.log.write("info", "Stopping", why);
      this.#finish(0);
    }
  }

  #changed(files: readonly string[]): void {
    this.#changedFiles = files;
    this.#options.log.write("info", "Code changed", { files });
    void this.#update();
  }

  /** Runs the code as it is now; a change meanwhile comes after it. */
  async #update(): Promise<void> {
    this.#changedAgain = true;
    this.#loading.abort();
    if (this.#updating || !this.#started) return;
    this.#updating = true;
    while (this.#changedAgain && !this.#stopping) {
      this.#changedAgain = false;
      if (await this.#load()) await this.#renew();
    }
    this.#updating = false;
  }

  /** Loads the tasks as they are now; answers whether they are there. */
  async #load(): Promise<boolean> {
    const { request, log, loaded } = this.#options;
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    try {
      const tasks = await LoadedTasks.load(request, signal);
      void this.#tasks?.close();
      this.#tasks = tasks;
      loaded(tasks.tasks);
      return !this.#stopping;
    } catch (error) {
      if (signal.aborted) return false;
      const rest = this.#pool === null ? "no worker runs" : "the workers go on with the code before";
      const { name, cause } = error instanceof Error ? error : { name: "Error" };
      const at = cause instanceof SyntaxError ? await this.#syntaxPlace(signal) : null;
      log.write("error", `The code cannot be loaded; ${rest} until it changes`, {
        ...(at === null ? {} : { at }),
        error: { name, message: messageOf(error) },
      });
      return false;
    }
  }

  /** Where the code does not compile; most likely it is a file that has just changed. */
  async #syntaxPlace(signal: AbortSignal): Promise<string | null> {
    return syntaxPlace([...this.#changedFiles, ...(await this.#options.source.sources())], signal);
  }

  async #renew(): Promise<void> {
    if (this.#pool !== null) {
      await this.#pool.restart();
      return;
    }
    const pool = new Pool(this.#options.pool);
    this.#pool = pool;
    void pool.finished.then((code) => this.#poolEnded(pool, code));
    pool.start();
  }

  #poolEnded(pool: Pool, code: number): void {
    if (this.#pool !== pool) return;
    this.#pool = null;
    if (this.#stopping) this.#finish(code);
    else this.#options.log.write("error", "No worker runs until the code changes", { code });
  }
}
