/** Schedules: stored, listed, and fired in one step that creates their jobs. */
import { MOST_SCHEDULES } from "../../../model/schedule/schedule.js";
import { MOST_HANDED_OUT } from "../../../model/schedule/ticks.js";
import { isTerminal } from "../../../model/job/state.js";
import type { FencedAnswer } from "../../contract/engine.js";
import { earliest } from "../../shared/listing-order.js";
import {
  decodeSchedule,
  encodeSchedule,
  timesText,
  type ScheduleFire,
  type SchedulePut,
  type SchedulePutAnswer,
  type ScheduleRecord,
  type ScheduleResume,
  type ScheduleResumeAnswer,
} from "../../contract/schedules.js";
import { enqueueOne } from "./enqueue.js";
import type { MemoryQueue, MemorySchedule } from "../store/store.js";
import type { Supersession } from "./supersede.js";

/** Stores a schedule: a new one, a changed definition, or nothing if it is unchanged. */
export function putSchedule(
  queue: MemoryQueue,
  { schedule, status, lastDue, nextDue, op }: SchedulePut,
  now: number,
): SchedulePutAnswer {
  const definition = encodeSchedule(schedule);
  const times = timesText(schedule);
  const { name } = schedule;
  const old = queue.schedules.get(name);
  if (old?.revision === op) return old.answer;
  if (old?.definition === definition) return "unchanged";
  if (old === undefined) {
    if (queue.schedules.size >= MOST_SCHEDULES) return "full";
    queue.schedules.set(name, {
      name,
      createdAt: now,
      definition,
      times,
      status,
      revision: op,
      answer: "created",
      lastDue,
      nextDue: status === "paused" ? null : nextDue,
      lastJob: null,
      fired: null,
    });
    return "created";
  }
  if (old.times !== times) {
    old.lastDue = lastDue;
    if (old.status === "active") old.nextDue = nextDue;
  }
  old.definition = definition;
  old.times = times;
  old.revision = op;
  old.answer = "changed";
  return "changed";
}

export function pauseSchedule(queue: MemoryQueue, name: string): boolean {
  const schedule = queue.schedules.get(name);
  if (schedule === undefined) return false;
  schedule.status = "paused";
  schedule.nextDue = null;
  return true;
}

export function resumeSchedule(
  queue: MemoryQueue,
  { name, from, revision, lastDue, nextDue }: ScheduleResume,
): ScheduleResumeAnswer {
  const schedule = queue.schedules.get(name);
  if (schedule === undefined) return "missing";
  if (schedule.revision !== revision) return "stale";
  if (schedule.status !== from) return "applied";
  schedule.status = "active";
  schedule.lastDue = lastDue;
  schedule.nextDue = nextDue;
  return "applied";
}

/** Creates the jobs of ticks, as a compare-and-set on the schedule's last tick. */
export function fireSchedule(queue: MemoryQueue, fire: ScheduleFire, supersession: Supersession): FencedAnswer {
  const schedule = queue.schedules.get(fire.name);
  if (schedule === undefined) return "stale";
  if (schedule.fired === fire.op) return "applied";
  const { status, revision, lastDue } = schedule;
  if (status !== "active" || revision !== fire.revision || lastDue !== fire.from) return "stale";
  for (const spec of fire.jobs) {
    if (fire.skipOverlap && isLive(queue, schedule.lastJob)) continue;
    schedule.lastJob = enqueueOne(queue, spec, supersession).id;
  }
  schedule.lastDue = fire.to;
  schedule.nextDue = fire.nextDue;
  schedule.fired = fire.op;
  return "applied";
}

function isLive(queue: MemoryQueue, id: string | null): boolean {
  const job = id === null ? undefined : queue.jobs.get(id);
  return job !== undefined && !isTerminal(job.state);
}

/** The schedules of a queue, by name. */
export function schedulesOf(queue: MemoryQueue): ScheduleRecord[] {
  return [...queue.schedules.values()]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((schedule) => scheduleRecord(queue, schedule));
}

/** The record of a schedule. */
export function scheduleRecord(queue: MemoryQueue, schedule: MemorySchedule): ScheduleRecord {
  const { name, definition, status, revision, lastDue, nextDue, lastJob, createdAt } = schedule;
  const decoded = decodeSchedule(name, definition, status);
  return { queue: queue.name, name, ...decoded, status, revision, lastDue, nextDue, lastJob, createdAt };
}

/** The due schedules, the earliest first, as many as a sweep hands out. */
export function dueSchedules(queue: MemoryQueue, now: number): { due: ScheduleRecord[]; more: boolean } {
  const due = [...queue.schedules.values()]
    .filter(({ nextDue }) => nextDue !== null && nextDue <= now)
    .toSorted((a, b) => (a.nextDue ?? 0) - (b.nextDue ?? 0) || (a.name < b.name ? -1 : 1));
  const handed = due.slice(0, MOST_HANDED_OUT);
  return { due: handed.map((schedule) => scheduleRecord(queue, schedule)), more: due.length > handed.length };
}

/** When the first schedule is due; `null` if there is none, or if it is due already: that is left to the next sweep. */
export function firstTick(queue: MemoryQueue, now: number): number | null {
  const first = earliest(...dueTimes(queue));
  return first !== null && first > now ? first : null;
}

/** When the next schedule that is not due yet becomes due; `null` if there is none. */
export function nextTick(queue: MemoryQueue, now: number): number | null {
  return earliest(...dueTimes(queue).filter((due) => due > now));
}

function dueTimes(queue: MemoryQueue): number[] {
  return [...queue.schedules.values()].flatMap(({ nextDue }) => nextDue ?? []);
}
