/**
 * What every scenario is given: an engine on storage of its own, a clock that moves only when the scenario moves it, and short
 * calls for common commands. Queues that are not named are the queue `main`.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { JobFilter } from "../../../model/job/query/filter.js";
import { createIdSource } from "../../../model/value/id.js";
import type { JobRecord, JobRef, JobSpec } from "../../../model/job/job.js";
import { NO_PROGRESS, type Progress } from "../../../model/job/progress.js";
import { DEFAULT_RETENTION } from "../../../model/job/retention.js";
import type { JobState } from "../../../model/job/state.js";
import type {
  ControlAnswer,
  ControlParams,
  Engine,
  JobPage,
  JobPatch,
  StateCounts,
  SweepAnswer,
  WorkerInfo,
} from "../../contract/engine.js";
import { codeOfBuild, encodeBuild } from "../../contract/worker/builds.js";
import { sessionId } from "../../contract/worker/session-id.js";
import { ManualClock } from "./manual-clock.js";
import type { TestStorage } from "./storage.js";
import { TestSession } from "./test-session.js";

/** The queue of jobs that name no other. */
export const MAIN = "main";

/** Progress with this percentage and message and nothing else. */
export function progressOf(percent: number, message: string | null): Progress {
  return { ...NO_PROGRESS, percent, message };
}

/** The commands on one job that take nothing but its reference. */
export type PlainCommand = "release" | "cancel" | "retry" | "promote" | "remove";

export class ScenarioContext {
  readonly clock: ManualClock;
  readonly storage: TestStorage;
  /** The first connection. */
  readonly engine: Engine;
  readonly #ids = createIdSource();
  readonly #engines: Engine[] = [];
  #drawn = 0;

  static async create(storage: TestStorage): Promise<ScenarioContext> {
    const clock = new ManualClock();
    return new ScenarioContext(storage, clock, await storage.connect(clock));
  }

  private constructor(storage: TestStorage, clock: ManualClock, engine: Engine) {
    this.storage = storage;
    this.clock = clock;
    this.engine = engine;
    this.#engines.push(engine);
  }

  async dispose(): Promise<void> {
    for (const engine of this.#engines) await engine.close();
    await this.storage.dispose();
  }

  /** Another connection to the same storage. */
  async open(): Promise<Engine> {
    const engine = await this.storage.connect(this.clock);
    this.#engines.push(engine);
    return engine;
  }

  advance(ms: number): void {
    this.clock.advance(ms);
  }

  /** A name that was not used before. */
  fresh(prefix: string): string {
    this.#drawn += 1;
    return `${prefix}${this.#drawn}`;
  }

  /** A complete spec: three attempts, everything else plain. */
  spec(change: Partial<JobSpec> = {}): JobSpec {
    const queue = change.queue ?? MAIN;
    return {
      queue,
      id: this.#ids.next(queue, this.clock.now()),
      task: "work",
      input: "{}",
      backoff: { type: "list", delays: [1_000] },
      timeout: 60_000,
      due: { in: 0 },
      priority: 0,
      attempts: 3,
      ttl: null,
      tags: [],
      meta: null,
      hold: false,
      unique: null,
      supersedes: null,
      after: [],
      references: [],
      flow: null,
      role: "job",
      retention: DEFAULT_RETENTION,
      nonce: null,
      ...change,
    };
  }

  /** Enqueues one job, which must be new, and answers its id. */
  async add(change: Partial<JobSpec> = {}): Promise<string> {
    const spec = this.spec(change);
    const [answer] = await this.engine.enqueue({ jobs: [spec] });
    assert.equal(answer?.outcome, "created", "the job is new");
    return spec.id;
  }

  /** Enqueues `count` jobs in one call and answers their ids. */
  async addMany(count: number, change: Partial<JobSpec> = {}): Promise<string[]> {
    const jobs = Array.from({ length: count }, () => this.spec(change));
    await this.engine.enqueue({ jobs });
    return jobs.map((spec) => spec.id);
  }

  /** Opens a session: of 30 s, on the queue `main`, through the first connection, unless `options` say otherwise. */
  async session(
    options: { queues?: readonly string[]; ttl?: number; engine?: Engine; worker?: Partial<WorkerInfo> } = {},
  ): Promise<TestSession> {
    const worker: WorkerInfo = {
      name: this.fresh("worker-"),
      host: "host.example",
      pid: 4_711,
      queues: options.queues ?? [MAIN],
      tasks: [{ name: "work", version: null, label: null, resultUrl: null }],
      appVersion: null,
      environment: null,
      longshore: "0.0.0",
      node: "v0.0.0",
      concurrency: 5,
      startedAt: this.clock.now(),
      ...options.worker,
    };
    const build = encodeBuild(worker);
    const id = sessionId(worker.name, this.fresh("s"), build === null ? null : codeOfBuild(build));
    const session = new TestSession(options.engine ?? this.engine, id, worker, options.ttl ?? 30_000);
    await session.open();
    return session;
  }

  /** The job, which must be there. */
  async job(id: string, queue = MAIN): Promise<JobRecord> {
    const job = await this.find(id, queue);
    assert.ok(job, `job ${id} exists`);
    return job;
  }

  /** The job, or `null`. */
  async find(id: string, queue = MAIN): Promise<JobRecord | null> {
    const [job = null] = await this.engine.getJobs({ refs: [{ queue, id }] });
    return job;
  }

  async state(id: string, queue = MAIN): Promise<JobState> {
    return (await this.job(id, queue)).state;
  }

  /** A command on one job, as a new operation unless `op` is given. */
  async control(command: PlainCommand, ref: string | JobRef, op = this.fresh("op")): Promise<ControlAnswer> {
    const params = { refs: [named(ref)], op };
    const [answer] = await (command === "retry" ? this.retry(params) : this.engine[command](params));
    assert.ok(answer, "one answer per job");
    return answer;
  }

  /** Queues jobs again. They keep the checkpoints of their runs unless `fromStart`, or unless they get another input. */
  async retry(params: ControlParams, fromStart = false, input?: string): Promise<ControlAnswer[]> {
    return this.engine.retry({ ...params, fromStart, ...(input === undefined ? {} : { input }) });
  }

  async update(ref: string | JobRef, patch: JobPatch, op = this.fresh("op")): Promise<ControlAnswer> {
    const [answer] = await this.engine.update({ refs: [named(ref)], op, patch });
    assert.ok(answer, "one answer per job");
    return answer;
  }

  async sweep(limit = 1_000, queues: readonly string[] = [MAIN]): Promise<SweepAnswer> {
    return this.engine.sweep({ queues, limit });
  }

  async counts(queue = MAIN): Promise<StateCounts> {
    const found = (await this.engine.queues()).find(({ name }) => name === queue);
    assert.ok(found, `queue ${queue} exists`);
    return found.counts;
  }

  /** The ids of a whole listing, page by page. */
  async list(filter: JobFilter = {}, limit = 100): Promise<string[]> {
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page: JobPage = await this.engine.listJobs({ filter, cursor, limit });
      assert.ok(page.jobs.length <= limit, "no page is longer than its limit");
      ids.push(...page.jobs.map((job) => job.id));
      ({ cursor } = page);
    } while (cursor !== null);
    return ids;
  }

  /** The place in line of a job. */
  async position(id: string, queue = MAIN): Promise<number | null> {
    return this.engine.position({ queue, id });
  }

  /**
   * Waits for something that another connection causes, moving the clock on a little at a time, as engines may look at
   * intervals. Fails after 2,000 looks; the clock has moved by 20 s then.
   */
  async eventually(what: string, happened: () => boolean): Promise<void> {
    for (let look = 0; look < 2_000; look += 1) {
      if (happened()) return;
      await sleep(1);
      this.advance(10);
    }
    assert.fail(`${what} does not happen`);
  }

  /** As `eventually`, for a promise to resolve. */
  async resolves(what: string, promise: Promise<unknown>): Promise<void> {
    let done = false;
    void promise.then(() => (done = true));
    await this.eventually(what, () => done);
  }
}

function named(ref: string | JobRef): JobRef {
  return typeof ref === "string" ? { queue: MAIN, id: ref } : ref;
}
