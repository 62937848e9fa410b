/**
 * Stores a schedule in the queue of its jobs. A name exists in one queue only; when the queue changes, the schedule moves
 * without firing twice: it is stored in the new queue, where it does not fire yet, removed from the old one, and activated
 * from the last tick there. A client may die at any point: the next sweep of the new queue completes the move.
 */
import { LongshoreError, TooManySchedules } from "../../model/errors/errors.js";
import type { Schedule } from "../../model/schedule/schedule.js";
import { nextDue } from "../../model/schedule/ticks.js";
import type { Awaitable, Engine } from "../contract/engine.js";
import {
  timesText,
  type SchedulePutAnswer,
  type ScheduleRecord,
  type ScheduleResumeAnswer,
} from "../contract/schedules.js";

/** How long a move may take before a sweep ends it, in milliseconds. */
const MOVE_TIME = 10_000;
/** How often the change is retried when other clients change the same schedule meanwhile. */
const TRIES = 5;

/** What storing a schedule needs. */
export interface ScheduleCommands {
  readonly engine: Engine;
  /** Draws a new operation id. */
  readonly nextOp: () => string;
  /** Sends a command that can be repeated safely. */
  readonly send: <T>(command: () => Awaitable<T>) => Promise<T>;
}

/**
 * Stores a schedule: a new one, or in the place of the one with its name, in whatever queue that is.
 * @throws TooManySchedules when its queue takes no more
 */
export async function putSchedule(
  commands: ScheduleCommands,
  schedule: Schedule,
): Promise<Exclude<SchedulePutAnswer, "full">> {
  const { engine, nextOp, send } = commands;
  const { queue } = schedule.job;
  for (let left = TRIES; ; left -= 1) {
    const others = (await findSchedules(commands, schedule.name)).filter((record) => record.queue !== queue);
    const now = await send(() => engine.now());
    const op = nextOp();
    const moves = others.some(({ status }) => status !== "paused");
    const answer = await send(() =>
      engine.putSchedule({
        queue,
        schedule,
        status: moves ? "moving" : schedule.paused || others.length > 0 ? "paused" : "active",
        lastDue: now,
        nextDue: moves ? now + MOVE_TIME : nextDue(schedule, now),
        op,
      }),
    );
    if (answer === "full") throw new TooManySchedules(queue);
    if (others.length === 0) return answer;
    const [record] = await send(() => engine.schedules({ queues: [queue], names: [schedule.name] }));
    if (record !== undefined && (await endMove(commands, record)) === "applied") return "changed";
    if (left === 0)
      throw new LongshoreError("SCHEDULE_BUSY", `schedule ${schedule.name} is moved by others again and again`);
  }
}

/** Completes a move: removes the schedule from its old queue and activates it in the new one. */
export async function endMove(
  { engine, send }: ScheduleCommands,
  record: ScheduleRecord,
): Promise<ScheduleResumeAnswer> {
  const { queue, name, schedule, revision } = record;
  const others = (await findSchedules({ engine, send }, name)).filter((other) => other.queue !== queue);
  if (schedule === null) return "missing";
  const begins: number[] = [];
  for (const other of others) {
    const removed = await send(() => engine.removeSchedule({ queue: other.queue, name }));
    if (removed === null) continue;
    const same = removed.schedule !== null && timesText(removed.schedule) === timesText(schedule);
    // A schedule with other times starts over, but not before a tick that already had its job.
    begins.push(same ? removed.lastDue : Math.max(removed.lastDue, record.lastDue));
  }
  // Another process removed the old one, and died or is about to activate the new one. Its last tick there is not known
  // here, so ticks up to now may have had their jobs.
  const from = begins.length > 0 ? Math.max(...begins) : await send(() => engine.now());
  return send(() =>
    engine.resumeSchedule({ queue, name, from: "moving", revision, lastDue: from, nextDue: nextDue(schedule, from) }),
  );
}

/** The schedules of this name: one, or two during a move. */
async function findSchedules(
  { engine, send }: Pick<ScheduleCommands, "engine" | "send">,
  name: string,
): Promise<ScheduleRecord[]> {
  return send(() => engine.schedules({ names: [name] }));
}
