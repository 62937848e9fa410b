/**
 * Makes jobs of the ticks of schedules. Any worker does this for its queues, when a sweep hands it schedules that are
 * due. Firing is a compare-and-set on the last tick: one worker succeeds, the others learn that the tick is done. A
 * schedule that cannot be read is paused, so that it is not tried for ever.
 */
import { randomBytes } from "node:crypto";
import type { Engine, ScheduleFire, ScheduleRecord } from "../../engine/contract/engine.js";
import { endMove, putSchedule, type ScheduleCommands } from "../../engine/shared/schedule-change.js";
import { earliest } from "../../engine/shared/listing-order.js";
import { pause, type Clock } from "../../model/value/clock.js";
import type { Schedule } from "../../model/schedule/schedule.js";
import { dueTicks } from "../../model/schedule/tick-job.js";
import type { EngineOutage } from "../session/engine-outage.js";

/** The most jobs of several schedules in one command. */
const MOST_JOBS = 1_000;

/** Dependencies. */
export interface SchedulerOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly outage: EngineOutage;
  /** Aborts when the worker stops. */
  readonly stopping: AbortSignal;
  /** A schedule was stored, or changed, at this time in epoch milliseconds of the engine. */
  readonly stored: (now: number) => void;
}

/** The result of firing schedules. */
export interface Fired {
  /** How many jobs this worker made. */
  readonly jobs: number;
  /**
   * When one of them is due next, in epoch milliseconds of the engine; a time in the past when only a sweep can find
   * out; `null` for never.
   */
  readonly nextDue: number | null;
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #commands: ScheduleCommands;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const { engine } = options;
    this.#commands = { engine, nextOp, send: async (command) => command() };
  }

  /**
   * Puts the schedules of the worker's options. One that the engine refuses for now is retried until the worker stops.
   */
  async put(schedules: readonly (Schedule | Promise<Schedule>)[]): Promise<void> {
    for (const given of schedules) {
      const passes = await this.#put(given);
      if (passes) void this.#putLater(given);
    }
  }

  async #putLater(given: Schedule | Promise<Schedule>): Promise<void> {
    const { clock, outage, stopping } = this.#options;
    let passes = true;
    for (let failures = 0; passes && !stopping.aborted; failures += 1) {
      await pause(clock, outage.delay(failures), stopping);
      if (!stopping.aborted) passes = await this.#put(given);
    }
  }

  /** Returns whether it failed in a way that a retry may help. */
  async #put(given: Schedule | Promise<Schedule>): Promise<boolean> {
    const { engine, outage, stopping, stored } = this.#options;
    try {
      const answer = await putSchedule(this.#commands, await given);
      if (answer !== "unchanged") stored(await engine.now());
      return false;
    } catch (error) {
      if (!stopping.aborted) outage.report(error);
      return outage.passes(error);
    }
  }

  /**
   * Fires the schedules that a sweep has handed out. Rejects when the engine does not answer; schedules not fired are
   * handed out again.
   */
  async fire(due: readonly ScheduleRecord[]): Promise<Fired> {
    if (due.length === 0) return { jobs: 0, nextDue: null };
    const { engine } = this.#options;
    const now = await engine.now();
    const fires: ScheduleFire[] = [];
    let jobs = 0;
    let next: number | null = null;
    for (const record of due) {
      if (record.status === "moving" && record.problem === null) {
        await endMove(this.#commands, record);
        next = now;
        continue;
      }
      const fire = this.#ticksOf(record, now);
      if (fire === null) await engine.pauseSchedule(record);
      else fires.push(fire);
    }
    for (const part of inParts(fires)) {
      const answers = await engine.fireSchedules({ fires: part });
      for (const [index, fire] of part.entries()) {
        const applied = answers[index] === "applied";
        if (applied) jobs += fire.jobs.length;
        // Another worker fired it first: the next sweep knows when it is due again.
        next = earliest(next, applied ? fire.nextDue : now);
      }
    }
    return { jobs, nextDue: next };
  }

  /** The command that fires a schedule; `null` when the schedule cannot be read. */
  #ticksOf({ queue, name, schedule, problem, revision, lastDue }: ScheduleRecord, now: number): ScheduleFire | null {
    try {
      if (schedule === null) throw new Error(`${problem ?? name}; it is paused`);
      const ticks = dueTicks(schedule, lastDue, now);
      return {
        queue,
        name,
        revision,
        from: lastDue,
        to: ticks.lastDue,
        nextDue: ticks.nextDue,
        jobs: ticks.jobs,
        skipOverlap: schedule.overlap === "skip",
        op: nextOp(),
      };
    } catch (error) {
      this.#options.outage.report(error);
      return null;
    }
  }
}

function nextOp(): string {
  return randomBytes(12).toString("base64url");
}

/** Cuts commands into parts of at most 1,000 jobs, or a single command. */
function inParts(fires: readonly ScheduleFire[]): ScheduleFire[][] {
  const parts: ScheduleFire[][] = [];
  let room = 0;
  for (const fire of fires) {
    const part = parts.at(-1);
    room -= fire.jobs.length;
    if (part !== undefined && room >= 0) {
      part.push(fire);
    } else {
      parts.push([fire]);
      room = MOST_JOBS - fire.jobs.length;
    }
  }
  return parts;
}
