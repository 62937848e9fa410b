/**
 * Which tasks a worker can run now, and what happens to jobs that it cannot run. In a rolling deploy those are jobs of
 * a task, or of a module, that only newer code has. The worker declines them, which does not fail the job: the engine
 * sets it aside for workers that name its task.
 * This worker names such a task again in two cases: a task whose module was missing, after a back-off; a task without a
 * handler, once its jobs have waited so long that they must fail.
 */
import type { AsideRecord, Engine, JobPage, Lease, Outcome, WorkerRecord } from "../../engine/contract/engine.js";
import type { Clock } from "../../model/value/clock.js";
import { UnknownTask } from "../../model/errors/errors.js";
import { plainFailure } from "../../model/failure/failure.js";
import { knownTasks, type Runnable } from "../execution/runnable.js";
import type { EngineOutage } from "../session/engine-outage.js";

/** The first and the longest back-off for a task whose module was missing. Milliseconds. */
const FIRST_REST = 10_000;
const LONGEST_REST = 600_000;
/** How often (milliseconds) the jobs set aside are checked, and a single task is reported. */
const CHECK_EVERY = 60_000;
/** The most tasks reported in that time. */
const MOST_REPORTED = 20;
/** How long (milliseconds) an answer about other workers is reused. */
const ASK_AGAIN = 1_000;
/** How many active jobs of a task are searched for one that another worker runs. */
const MOST_RUNNING = 50;

/** Dependencies and callbacks. */
export interface RunnableTasksOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly outage: EngineOutage;
  /** The worker's name. */
  readonly name: string;
  readonly queues: readonly string[];
  readonly runnables: ReadonlyMap<string, Runnable>;
  /** How long (milliseconds) a job may wait for a worker that can run it, from its first decline on. */
  readonly patience: number;
  /** Jobs of this task were declined, or wait and no worker can run them. */
  readonly unknown: (task: string, error: Error) => void;
  /** The worker can take more jobs than before. */
  readonly grown: () => void;
}

/** The back-off of a task whose module was missing. */
interface Rest {
  readonly ms: number;
  readonly cancel: () => void;
  over: boolean;
}

export class RunnableTasks {
  readonly #options: RunnableTasksOptions;
  readonly #resting = new Map<string, Rest>();
  /** Tasks this worker cannot run and whose jobs it takes only to fail them: they have waited too long. */
  #givenUp = new Set<string>();
  /** The last question about other workers, and its answer. */
  #asked: {
    readonly queue: string;
    readonly task: string;
    readonly at: number;
    readonly answer: Promise<boolean>;
  } | null = null;
  readonly #reported = new Set<string>();
  #reportedFrom = Number.NEGATIVE_INFINITY;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #named: readonly string[] | null = null;
  #known = 0;

  constructor(options: RunnableTasksOptions) {
    this.#options = options;
  }

  /** The tasks whose jobs this worker takes from aside. */
  get tasks(): readonly string[] {
    const { runnables } = this.#options;
    if (this.#named === null || this.#known !== runnables.size) {
      this.#known = runnables.size;
      const rests = (task: string): boolean => this.#resting.get(task)?.over === false;
      this.#named = [...[...runnables.keys()].filter((task) => !rests(task)), ...this.#givenUp];
    }
    return this.#named;
  }

  /** The code of a task was found. */
  readonly found = (task: string): void => {
    if (this.#resting.size === 0) return;
    this.#resting.get(task)?.cancel();
    this.#resting.delete(task);
    this.#named = null;
  };

  /** The outcome of a job that this worker cannot run because of `error`. Never rejects. */
  readonly outcomeFor = async (lease: Lease, task: string, error: Error & { code: string }): Promise<Outcome> => {
    const { patience } = this.#options;
    const waited = lease.declinedAt === null ? 0 : lease.leasedAt - lease.declinedAt;
    if (waited >= patience && (patience === 0 || !(await this.#isRunElsewhere(lease, task)))) {
      // Without a stack: it would show where this worker missed the code, which does not concern the job.
      return { kind: "fail", error: plainFailure(error.name, error.message, error.code), retryIn: null };
    }
    if (this.#options.runnables.has(task)) this.#rest(task);
    else if (this.#givenUp.delete(task)) this.#named = null;
    this.#report(task, error);
    return { kind: "decline" };
  };

  /**
   * Checks, at most once a minute, the jobs set aside: reports tasks that no live worker can run, and takes their jobs
   * once they have waited too long. `none`: it is known that there are none.
   */
  async check(none = false): Promise<void> {
    const { clock, engine, outage, queues, runnables, patience } = this.#options;
    if (clock.monotonic() - this.#checkedAt < CHECK_EVERY) return;
    this.#checkedAt = clock.monotonic();
    try {
      const unknownHere = (none ? [] : await engine.aside({ queues })).filter(({ task }) => !runnables.has(task));
      const lacking = unknownHere.length === 0 ? [] : await this.#withoutWorker(unknownHere);
      const now = lacking.length === 0 ? 0 : await engine.now();
      const due = lacking.filter(({ since }) => now - since >= patience).map(({ task }) => task);
      for (const { task } of lacking) this.#report(task, new UnknownTask(task, knownTasks(runnables)));
      if (due.length === 0 && this.#givenUp.size === 0) return;
      this.#givenUp = new Set(due);
      this.#named = null;
      this.#options.grown();
    } catch (error) {
      outage.report(error);
    }
  }

  close(): void {
    for (const { cancel } of this.#resting.values()) cancel();
  }

  async #withoutWorker(records: readonly AsideRecord[]): Promise<AsideRecord[]> {
    const workers = await this.#options.engine.workers();
    return records.filter(({ queue, task }) => !workers.some((worker) => knows(worker, queue, task)));
  }

  /**
   * Can another live worker run the task, even if it has not come to this job yet? Jobs declined together share one
   * query.
   */
  #isRunElsewhere({ queue }: Lease, task: string): Promise<boolean> {
    const now = this.#options.clock.monotonic();
    const asked = this.#asked;
    if (asked?.queue === queue && asked.task === task && now - asked.at < ASK_AGAIN) return asked.answer;
    const answer = this.#askOthers(queue, task);
    this.#asked = { queue, task, at: now, answer };
    return answer;
  }

  async #askOthers(queue: string, task: string): Promise<boolean> {
    const { engine, name, outage, runnables } = this.#options;
    try {
      if (!runnables.has(task)) {
        const workers = await engine.workers();
        if (workers.some((worker) => knows(worker, queue, task))) return true;
      }
      // A worker names a task even if its module is missing there; only one that has an active job of the task can run
      // it.
      const filter = { queue, task, states: ["active" as const] };
      let cursor: string | null = null;
      do {
        // A page may be empty before the end: an engine looks at a bounded number of jobs for one.
        const page: JobPage = await engine.listJobs({ filter, cursor, limit: MOST_RUNNING });
        if (page.jobs.some(({ worker }) => worker !== name)) return true;
        ({ cursor } = page);
      } while (cursor !== null);
      return false;
    } catch (error) {
      outage.report(error);
      return true;
    }
  }

  /** Backs off from a task: twice as long as the last time. */
  #rest(task: string): void {
    const last = this.#resting.get(task);
    // Jobs leased together are declined together: one back-off for all of them.
    if (last?.over === false) return;
    const ms = last === undefined ? FIRST_REST : Math.min(2 * last.ms, LONGEST_REST);
    const cancel = this.#options.clock.after(ms, () => {
      rest.over = true;
      this.#named = null;
      this.#options.grown();
    });
    const rest: Rest = { ms, cancel, over: false };
    this.#resting.set(task, rest);
    this.#named = null;
  }

  #report(task: string, error: Error): void {
    const now = this.#options.clock.monotonic();
    if (now - this.#reportedFrom >= CHECK_EVERY) {
      this.#reportedFrom = now;
      this.#reported.clear();
    }
    if (this.#reported.has(task) || this.#reported.size >= MOST_REPORTED) return;
    this.#reported.add(task);
    this.#options.unknown(task, error);
  }
}

/** Does a worker that lives, as far as is known, run jobs of this task from this queue? */
function knows({ liveness, queues, tasks }: WorkerRecord, queue: string, task: string): boolean {
  return liveness !== "lost" && queues.includes(queue) && tasks.some(({ name }) => name === task);
}
