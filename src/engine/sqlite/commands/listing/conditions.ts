/**
 * The conditions of a filter in SQL, on the job `j`: the same as `matchesFilter` says of a record. Without queues and states,
 * which listings are read by. No condition reads an input, a result or meta.
 */
import { scheduleTag } from "../../../../model/job/schedule-tag.js";
import { CONDITIONS, lowerCase, type Asked, type JobFilter } from "../../../../model/job/query/filter.js";
import type { SqlValue } from "../../database/driver.js";
import { ACTIVE } from "../../store/queue/state-codes.js";
import type { Condition } from "../../store/queue/order.js";

/** What follows the other conditions of a statement, each part with AND before it. `queue`: where the jobs are. */
export function conditionsOf(filter: JobFilter, queue: string): Condition {
  const all = CONDITIONS.flatMap((name) => inSql(name, filter, queue));
  // Where one compares with nothing (a job that never started) it does not hold.
  const none = CONDITIONS.flatMap((name) => inSql(name, filter.not ?? {}, queue));
  return {
    text: [...all.map(({ text }) => ` AND ${text}`), ...none.map(({ text }) => ` AND NOT coalesce(${text}, 0)`)].join(
      "",
    ),
    values: [...all, ...none].flatMap(({ values }) => values),
  };
}

type Translations = { readonly [Name in keyof Asked]: (wanted: Asked[Name], queue: string) => Condition[] };

const TAGGED = "EXISTS (SELECT 1 FROM tags g WHERE g.queue = j.queue AND g.tag = ? AND g.job = j.job)";
const LAST_ERROR = "SELECT 1 FROM attempts a WHERE a.job = j.job AND a.epoch = j.error_epoch";
const IN_LIST = "IN (SELECT value FROM json_each(?))";
const WORKER = "substr(j.session, 1, instr(j.session || '/', '/') - 1)";
const FLOW = `EXISTS (SELECT 1 FROM link_bodies b WHERE b.job = j.job AND CASE WHEN json_valid(b.body)
  THEN json_extract(b.body, '$.flow.id') = ? ELSE 0 END)`;
const IS_FLOW = "(j.linked AND EXISTS (SELECT 1 FROM links l WHERE l.job = j.job AND l.flow IS NOT NULL))";
const ERROR_TEXT = `EXISTS (${LAST_ERROR} AND CASE WHEN json_valid(a.error)
  THEN instr(lower(json_extract(a.error, '$.message')), ?) > 0 OR instr(lower(json_extract(a.error, '$.name')), ?) > 0 ELSE 0 END)`;

const IN_SQL: Translations = {
  queue: () => [],
  queues: () => [],
  states: () => [],
  task: (task) => [one("j.task = ?", task)],
  tasks: (tasks) => [one(`j.task ${IN_LIST}`, JSON.stringify(tasks))],
  tag: (tag) => [one(TAGGED, tag)],
  tags: (tags) => [joined(tags.map((tag) => one(TAGGED, tag)))],
  priority: ({ min, max }) => [between("j.priority", min, "<=", max)],
  attempt: ({ min, max }) => [between(`(j.counted + (j.state_code = ${ACTIVE}))`, min, "<=", max)],
  createdFrom: (from) => [one("j.created_at >= ?", from)],
  createdBefore: (before) => [one("j.created_at < ?", before)],
  created: ({ from, before }) => [between("j.created_at", from, "<", before)],
  started: ({ from, before }) => [between("j.started_at", from, "<", before)],
  finished: ({ from, before }) => [between("j.finished_at", from, "<", before)],
  worker: (worker) => [one(`${WORKER} = ?`, worker)],
  flow: (flow) => [one(FLOW, flow)],
  role: (role) => [one(role === "flow" ? IS_FLOW : `NOT ${IS_FLOW}`)],
  schedule: (schedule) => [one(TAGGED, scheduleTag(schedule))],
  fingerprint: (fingerprint) => [one(`EXISTS (${LAST_ERROR} AND a.fingerprint = ?)`, fingerprint)],
  errorText: (text) => [one(ERROR_TEXT, lowerCase(text), lowerCase(text))],
  idPrefix: (prefix) => [one("instr(j.id, ?) = 1", prefix)],
  idContains: (text) => [one("instr(j.id, ?) > 0", text)],
  unknownTo: (known, queue) => [one(`j.task NOT ${IN_LIST}`, JSON.stringify(known[queue] ?? []))],
};

function inSql<Name extends keyof Asked>(name: Name, given: Partial<Pick<Asked, Name>>, queue: string): Condition[] {
  const wanted = given[name];
  return wanted === undefined ? [] : IN_SQL[name](wanted, queue);
}

function one(text: string, ...values: SqlValue[]): Condition {
  return { text, values };
}

function joined(parts: readonly Condition[]): Condition {
  return {
    text: `(${["true", ...parts.map(({ text }) => text)].join(" AND ")})`,
    values: parts.flatMap(({ values }) => values),
  };
}

/** A value that is there, and within bounds; what is no bound is none. */
function between(value: string, from: number | undefined, upTo: "<" | "<=", to: number | undefined): Condition {
  const lower = from === undefined ? [] : [one(`${value} >= ?`, from)];
  const upper = to === undefined ? [] : [one(`${value} ${upTo} ?`, to)];
  return joined([one(`${value} IS NOT NULL`), ...lower, ...upper]);
}
