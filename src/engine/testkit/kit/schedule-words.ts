/** Short words for scenarios about schedules: a schedule of every minute, put, found, fired. */
import assert from "node:assert/strict";
import { parseSchedule, type Schedule, type ScheduleOption } from "../../../model/schedule/schedule.js";
import { dueTicks, scheduleTag } from "../../../model/schedule/tick-job.js";
import { nextDue } from "../../../model/schedule/ticks.js";
import type {
  FencedAnswer,
  ScheduleFire,
  SchedulePut,
  SchedulePutAnswer,
  ScheduleRecord,
} from "../../contract/engine.js";
import { MAIN, type Kit } from "./kit.js";

export const MINUTE = 60_000;

/** A schedule of every minute in the queue `main`, as `model` makes it. */
export function everyMinute(change: Partial<ScheduleOption> = {}): Schedule {
  const option = { name: "poll", task: "work", every: MINUTE, options: { queue: MAIN }, ...change };
  return parseSchedule("schedule", option);
}

/** Puts a schedule whose ticks begin now; answers what became of it. */
export async function put(
  kit: Kit,
  schedule = everyMinute(),
  change: Partial<SchedulePut> = {},
): Promise<SchedulePutAnswer> {
  const lastDue = change.lastDue ?? kit.clock.now();
  return kit.engine.putSchedule({
    queue: schedule.job.queue,
    schedule,
    status: schedule.paused ? "paused" : "active",
    lastDue,
    nextDue: nextDue(schedule, lastDue),
    op: kit.fresh("op"),
    ...change,
  });
}

export async function found(kit: Kit, name = "poll", queue = MAIN): Promise<ScheduleRecord> {
  const [record] = await kit.engine.schedules({ queues: [queue], names: [name] });
  assert.ok(record, `schedule ${name} exists`);
  return record;
}

/** The command that fires what is due of a record. */
export function fireOf(kit: Kit, record: ScheduleRecord): ScheduleFire {
  const { queue, name, schedule, revision, lastDue } = record;
  assert.ok(schedule, "the schedule can be read");
  const due = dueTicks(schedule, lastDue, kit.clock.now());
  return {
    queue,
    name,
    revision,
    from: lastDue,
    to: due.lastDue,
    nextDue: due.nextDue,
    jobs: due.jobs,
    skipOverlap: schedule.overlap === "skip",
    op: kit.fresh("fire"),
  };
}

/** Fires what is due of a schedule, as it stands now. */
export async function fire(kit: Kit, name = "poll", queue = MAIN): Promise<FencedAnswer[]> {
  return kit.engine.fireSchedules({ fires: [fireOf(kit, await found(kit, name, queue))] });
}

export const jobsOf = (kit: Kit, name = "poll"): Promise<string[]> => kit.list({ tag: scheduleTag(name) });

/** To the next full minute, where the ticks of `everyMinute` are. */
export function toTick(kit: Kit, minutes = 1): number {
  kit.advance(minutes * MINUTE - (kit.clock.now() % MINUTE));
  return kit.clock.now();
}
