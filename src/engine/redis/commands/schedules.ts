/** Schedules on Redis: stored, read and fired, one script call each. */
import { MOST_SCHEDULES } from "../../../model/schedule/schedule.js";
import type { Engine, FencedAnswer } from "../../contract/engine.js";
import {
  decodeSchedule,
  encodeSchedule,
  timesText,
  type ScheduleFire,
  type SchedulePut,
  type SchedulePutAnswer,
  type ScheduleRecord,
  type ScheduleRef,
  type ScheduleResume,
  type ScheduleResumeAnswer,
  type ScheduleStatus,
} from "../../contract/schedules.js";
import { encodeBody, encodeOptions } from "../format/body.js";
import { Groups } from "../format/argument-groups.js";
import type { Keys } from "../connection/keys.js";
import type { Argument, Link } from "../connection/connection.js";
import type { Reader } from "./read.js";
import type { Registry } from "../connection/queue-registry.js";
import { list, orNull, text } from "../connection/reply.js";

/** How many schedules are read in one call: each may have a payload as long as a job's. */
const READ_AT_ONCE = 100;

export class Schedules {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #registry: Registry;
  readonly #reader: Reader;

  constructor(link: Link, keys: Keys, registry: Registry, reader: Reader) {
    this.#link = link;
    this.#keys = keys;
    this.#registry = registry;
    this.#reader = reader;
  }

  async put({ queue, schedule, status, lastDue, nextDue, op }: SchedulePut): Promise<SchedulePutAnswer> {
    if (!this.#registry.knows(queue)) await this.#registry.add(queue);
    const definition = encodeSchedule(schedule);
    const args = [schedule.name, definition, timesText(schedule), status, lastDue, nextDue ?? "", op, MOST_SCHEDULES];
    const [listed, answer] = list(await this.#link.run("schedule-put", queue, args));
    // Another client obliterated the queue since this one listed it.
    if (listed === 0) await this.#registry.mend(queue);
    return text(answer) as SchedulePutAnswer;
  }

  async remove({ queue, name }: ScheduleRef): Promise<ScheduleRecord | null> {
    const [definition, tick] = list(await this.#link.run("schedule", queue, [name, "remove"]));
    return tick === undefined ? null : decodeRecord({ queue, name }, text(definition), text(tick));
  }

  async pause({ queue, name }: ScheduleRef): Promise<boolean> {
    return (await this.#link.run("schedule", queue, [name, "pause"])) === 1;
  }

  async resume({ queue, name, from, revision, lastDue, nextDue }: ScheduleResume): Promise<ScheduleResumeAnswer> {
    const args = [name, "resume", from, revision, lastDue, nextDue ?? ""];
    return text(await this.#link.run("schedule", queue, args)) as ScheduleResumeAnswer;
  }

  async list({ queues, names }: Parameters<Engine["schedules"]>[0]): Promise<ScheduleRecord[]> {
    const all = await this.#reader.names();
    const wanted = queues === undefined ? all : all.filter((queue) => queues.includes(queue));
    const found = await Promise.all(wanted.map((queue) => this.#read(queue, names)));
    return found.flat();
  }

  async #read(queue: string, names: readonly string[] | undefined): Promise<ScheduleRecord[]> {
    const key = this.#keys.of(queue, "tick");
    const wanted = [...new Set(names ?? (await this.#link.send(() => this.#link.client.hkeys(key))))].sort();
    const found: ScheduleRecord[] = [];
    for (let from = 0; from < wanted.length; from += READ_AT_ONCE) {
      const part = wanted.slice(from, from + READ_AT_ONCE);
      const values = list(await this.#link.run("schedules", queue, part)).map(text);
      for (const [index, name] of part.entries()) {
        const [definition = "", tick = ""] = values.slice(index * 2, index * 2 + 2);
        if (definition !== "" || tick !== "") found.push(decodeRecord({ queue, name }, definition, tick));
      }
    }
    return found;
  }

  /** Creates the jobs of ticks. `pending`: queues whose outbox has messages. */
  async fire(fires: readonly ScheduleFire[]): Promise<{ answers: FencedAnswer[]; pending: string[] }> {
    const replies = await Promise.all(fires.map((fire) => this.#fire(fire)));
    return {
      answers: replies.map((reply) => (reply === "stale" ? "stale" : "applied")),
      pending: fires.flatMap(({ queue }, index) => (replies[index] === "applied with messages" ? queue : [])),
    };
  }

  async #fire(fire: ScheduleFire): Promise<string> {
    const { queue, name, revision, from, to, nextDue, op, skipOverlap, jobs } = fire;
    const args: Argument[] = [name, revision, from, to, nextDue ?? "", op, skipOverlap ? "skip" : ""];
    const groups = new Groups(args);
    for (const spec of jobs) groups.add(encodeOptions(spec), spec.id, encodeBody(spec));
    return text(await this.#link.run("fire", queue, args));
  }
}

/** The schedules of a sweep's reply: name, definition and tick of each. */
export function decodeDue(queue: string, values: readonly unknown[]): ScheduleRecord[] {
  const due: ScheduleRecord[] = [];
  for (let at = 0; at < values.length; at += 3) {
    const [name = "", definition = "", tick = ""] = values.slice(at, at + 3).map(text);
    due.push(decodeRecord({ queue, name }, definition, tick));
  }
  return due;
}

/** A schedule from its definition and its tick record: see scripts/lib/store/schedule.lua. */
function decodeRecord(ref: ScheduleRef, definition: string, tick: string): ScheduleRecord {
  const [status, revision = "", , lastDue, nextDue, lastJob, , createdAt] = tick.split("\n");
  const known = STATUSES.find((one) => one === status);
  const decoded =
    known === undefined
      ? { schedule: null, problem: `schedule ${ref.name}: how far it has come cannot be read` }
      : decodeSchedule(ref.name, definition, known);
  return {
    ...ref,
    ...decoded,
    status: known ?? "paused",
    revision,
    lastDue: Number(lastDue ?? 0),
    nextDue: nextDue === undefined || nextDue === "" ? null : Number(nextDue),
    lastJob: orNull(lastJob),
    createdAt: Number(createdAt ?? 0),
  };
}

const STATUSES: readonly ScheduleStatus[] = ["active", "paused", "moving"];
