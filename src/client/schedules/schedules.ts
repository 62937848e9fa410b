/** The schedules of a connection, identified by name in any queue: put, listed, paused, resumed, run now, removed. */
import type { EnqueueAnswer, ScheduleRecord } from "../../engine/contract/engine.js";
import { putSchedule } from "../../engine/shared/schedule-change.js";
import { EngineClosed, LongshoreError, ScheduleNotFound, UniqueConflict } from "../../model/errors/errors.js";
import type { JobDefaults } from "../../model/options/options.js";
import { parseName } from "../../model/value/name.js";
import type { Schedule, ScheduleOption } from "../../model/schedule/schedule.js";
import { scheduledJob } from "../../model/schedule/tick-job.js";
import { dueTimes, nextDue } from "../../model/schedule/ticks.js";
import { checkOptions } from "../../model/value/call-options.js";
import { parseTime } from "../../model/value/scalar.js";
import { parseTaskSchedule, type AnySchedule, type CheckedSchedule, type TaskSchedule } from "../../define/schedule.js";
import type { ConnectionContext } from "../connection/context.js";
import { Job } from "../jobs/job.js";
import { NEXT_TIMES, scheduleSnapshot, type ScheduleSnapshot } from "./schedule-snapshot.js";

/** A schedule after it was put, and the effect of the call. */
export interface PutSchedule extends ScheduleSnapshot {
  /** `created`; `changed`: its name existed with other settings; `unchanged`: it existed with the same settings. */
  readonly outcome: "created" | "changed" | "unchanged";
}

/** Which schedules to list. */
export interface ScheduleQuery {
  /** Those of this queue only. */
  queue?: string;
}

/** How often a schedule is read again after a concurrent change. */
const TRIES = 5;

/**
 * The schedules of a connection: `longshore.schedules`.
 * @example
 * await longshore.schedules.put({ name: "clean-up", task: cleanUp, cron: "0 * * * *", timeZone: "Europe/Berlin" });
 * for (const { name, next } of await longshore.schedules.list()) console.log(name, next.map((time) => new Date(time)));
 */
export class Schedules {
  readonly #context: ConnectionContext;
  readonly #queueDefaults: ReadonlyMap<string, JobDefaults>;
  readonly #isClosed: () => boolean;

  /** @internal */
  constructor(context: ConnectionContext, queueDefaults: ReadonlyMap<string, JobDefaults>, isClosed: () => boolean) {
    this.#context = context;
    this.#queueDefaults = queueDefaults;
    this.#isClosed = isClosed;
  }

  /**
   * Stores a schedule. One with the same name is changed, also in another queue; the same again changes nothing. When its
   * times change it begins anew from now; any other change goes on from where it was. A paused one stays paused.
   * @throws InvalidInput, PayloadTooLarge before anything is stored; TooManySchedules when the queue has 10,000;
   * EngineUnavailable
   * @example
   * await longshore.schedules.put({ name: "feed-7", task: poll, input: { feed: 7 }, every: "5m", overlap: "skip" });
   */
  put<Input>(schedule: TaskSchedule<Input>): Promise<PutSchedule>;
  put(schedule: ScheduleOption | CheckedSchedule): Promise<PutSchedule>;
  async put(schedule: AnySchedule): Promise<PutSchedule> {
    this.#guard();
    const { payloadCap } = this.#context;
    const setup = { payloadCap, queueDefaults: this.#queueDefaults };
    const parsed = await parseTaskSchedule("schedule", schedule, setup);
    const { engine } = this.#context;
    const services = {
      engine,
      nextOp: () => this.#context.nextOp(),
      send: <T>(command: () => T | Promise<T>) => this.#context.send(command),
    };
    const outcome = await putSchedule(services, parsed);
    return { ...scheduleSnapshot(await this.#find(parsed.name)), outcome };
  }

  /** The schedule of this name; `null` when there is none. @throws InvalidInput */
  async get(name: string): Promise<ScheduleSnapshot | null> {
    this.#guard();
    const [record] = latest(await this.#named(name));
    return record === undefined ? null : scheduleSnapshot(record);
  }

  /** All schedules, or those of one queue, by queue and name. @throws InvalidInput */
  async list(query: ScheduleQuery = {}): Promise<ScheduleSnapshot[]> {
    this.#guard();
    const queues = query.queue === undefined ? {} : { queues: [parseName("queue", query.queue)] };
    return latest(await this.#context.engine.schedules(queues)).map(scheduleSnapshot);
  }

  /**
   * When a schedule is due next, paused or not: as `next` of a snapshot, but as many times as you like.
   * @param options.count how many times, 1 to 1,000; fewer when it ends before. Default: 5
   * @param options.after those after this time. Default: after its last tick
   * @returns epoch milliseconds
   * @throws ScheduleNotFound, InvalidInput
   * @example const [first] = await longshore.schedules.times("clean-up", { count: 1 });
   */
  async times(name: string, options: { count?: number; after?: Date | number } = {}): Promise<number[]> {
    this.#guard();
    checkOptions(options, ["count", "after"]);
    const { count = NEXT_TIMES, after } = options;
    const { schedule, lastDue } = await this.#find(name);
    return dueTimes(readable(name, schedule), after === undefined ? lastDue : parseTime("after", after), count);
  }

  /** Stops a schedule from firing, until it is resumed. Its jobs go on. @throws ScheduleNotFound, InvalidInput */
  async pause(name: string): Promise<void> {
    this.#guard();
    const paused = await Promise.all(
      (await this.#named(name)).map((record) => this.#context.send(() => this.#context.engine.pauseSchedule(record))),
    );
    if (!paused.includes(true)) throw new ScheduleNotFound(name);
  }

  /**
   * Lets a paused schedule fire again. Ticks that came while it was paused do not run; a schedule that is not paused
   * stays as it is. @throws ScheduleNotFound, InvalidInput
   */
  async resume(name: string): Promise<void> {
    this.#guard();
    const { engine } = this.#context;
    for (let left = TRIES; left > 0; left -= 1) {
      const { queue, revision, schedule } = await this.#find(name);
      const parsed = readable(name, schedule);
      const now = await engine.now();
      const resume = { queue, name, from: "paused", revision, lastDue: now, nextDue: nextDue(parsed, now) } as const;
      if ((await this.#context.send(() => engine.resumeSchedule(resume))) === "applied") return;
    }
    throw new LongshoreError("SCHEDULE_BUSY", `schedule ${name} is changed by others again and again`);
  }

  /**
   * Enqueues a job of this schedule now, paused or not, whatever happened to earlier ones; its ticks stay as they are.
   * @throws ScheduleNotFound, InvalidInput; UniqueConflict for a key with an owner and `onConflict: "reject"`
   * @example
   * const job = await longshore.schedules.run("clean-up");
   * await job.result();
   */
  async run(name: string): Promise<Job> {
    this.#guard();
    const { schedule, queue } = await this.#find(name);
    const spec = scheduledJob(readable(name, schedule), this.#context.nextId(queue), { in: 0 });
    const [answer] = await this.#context.send(() => this.#context.engine.enqueue({ jobs: [spec] }));
    const { id, outcome }: Pick<EnqueueAnswer, "id" | "outcome"> = answer ?? { id: spec.id, outcome: "created" };
    if (outcome === "rejected") throw new UniqueConflict(spec.unique?.key ?? "", id);
    return new Job(this.#context, { queue, id }, outcome, null);
  }

  /** Removes a schedule; its jobs stay. Answers `false` when there was none. @throws InvalidInput */
  async remove(name: string): Promise<boolean> {
    this.#guard();
    const records = await this.#named(name);
    for (const { queue } of records)
      await this.#context.send(() => this.#context.engine.removeSchedule({ queue, name }));
    return records.length > 0;
  }

  async #find(name: string): Promise<ScheduleRecord> {
    const [record] = latest(await this.#named(name));
    if (record === undefined) throw new ScheduleNotFound(name);
    return record;
  }

  async #named(name: string): Promise<ScheduleRecord[]> {
    return this.#context.engine.schedules({ names: [parseName("name", name)] });
  }

  #guard(): void {
    if (this.#isClosed()) throw new EngineClosed();
  }
}

/** Drops the old record of a schedule that is moving to another queue: only its destination counts. */
function latest(records: readonly ScheduleRecord[]): ScheduleRecord[] {
  const moving = new Map(records.flatMap(({ name, queue, status }) => (status === "moving" ? [[name, queue]] : [])));
  return records.filter(({ name, queue }) => (moving.get(name) ?? queue) === queue);
}

function readable(name: string, schedule: Schedule | null): Schedule {
  if (schedule === null) throw new LongshoreError("UNDECODABLE", `schedule ${name}: what is stored cannot be decoded`);
  return schedule;
}
