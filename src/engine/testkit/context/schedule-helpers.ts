/** Helpers for scenarios about schedules: they put, find and fire a schedule of every minute. */
import assert from "node:assert/strict";
import { parseSchedule, type Schedule, type ScheduleOption } from "../../../model/schedule/schedule.js";
import { scheduleTag } from "../../../model/job/schedule-tag.js";
import { dueTicks } from "../../../model/schedule/tick-job.js";
import { nextDue } from "../../../model/schedule/ticks.js";
import type {
  FencedAnswer,
  ScheduleFire,
  SchedulePut,
  SchedulePutAnswer,
  ScheduleRecord,
} from "../../contract/engine.js";
import { MAIN, type ScenarioContext } from "./scenario-context.js";

export const MINUTE = 60_000;

/** A schedule of every minute in the queue `main`, as `model` makes it. */
export function everyMinute(change: Partial<ScheduleOption> = {}): Schedule {
  const option = { name: "poll", task: "work", every: MINUTE, options: { queue: MAIN }, ...change };
  return parseSchedule("schedule", option);
}

/** Puts a schedule whose ticks begin now; answers what became of it. */
export async function put(
  context: ScenarioContext,
  schedule = everyMinute(),
  change: Partial<SchedulePut> = {},
): Promise<SchedulePutAnswer> {
  const lastDue = change.lastDue ?? context.clock.now();
  return context.engine.putSchedule({
    queue: schedule.job.queue,
    schedule,
    status: schedule.paused ? "paused" : "active",
    lastDue,
    nextDue: nextDue(schedule, lastDue),
    op: context.fresh("op"),
    ...change,
  });
}

export async function found(context: ScenarioContext, name = "poll", queue = MAIN): Promise<ScheduleRecord> {
  const [record] = await context.engine.schedules({ queues: [queue], names: [name] });
  assert.ok(record, `schedule ${name} exists`);
  return record;
}

/** The command that fires what is due of a record. */
export function fireOf(context: ScenarioContext, record: ScheduleRecord): ScheduleFire {
  const { queue, name, schedule, revision, lastDue } = record;
  assert.ok(schedule, "the schedule can be read");
  const due = dueTicks(schedule, lastDue, context.clock.now());
  return {
    queue,
    name,
    revision,
    from: lastDue,
    to: due.lastDue,
    nextDue: due.nextDue,
    jobs: due.jobs,
    skipOverlap: schedule.overlap === "skip",
    op: context.fresh("fire"),
  };
}

/** Fires what is due of a schedule, as it stands now. */
export async function fire(context: ScenarioContext, name = "poll", queue = MAIN): Promise<FencedAnswer[]> {
  return context.engine.fireSchedules({ fires: [fireOf(context, await found(context, name, queue))] });
}

export const jobsOf = (context: ScenarioContext, name = "poll"): Promise<string[]> =>
  context.list({ tag: scheduleTag(name) });

/** To the next full minute, where the ticks of `everyMinute` are. */
export function toTick(context: ScenarioContext, minutes = 1): number {
  context.advance(minutes * MINUTE - (context.clock.now() % MINUTE));
  return context.clock.now();
}
