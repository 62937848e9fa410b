/**
 * Which jobs, as requests say it: the conditions of `longshore.jobs()`, in the query of a list (`states=failed,partial&not.tag=x`) and
 * in the body of a bulk job. Times are ISO 8601.
 */
import { z } from "@hono/zod-openapi";
import type { JobQuery, JobQueryConditions, NumberQuery } from "../../client/jobs/job-filter.js";
import { Problem } from "../http/problem.js";
import { Commas, Flag, GivenTime, listOf, Name, State, Text } from "./common.js";

const Window = z.strictObject({ from: GivenTime.optional(), before: GivenTime.optional() });
const Numbers = z.union([z.number(), z.strictObject({ min: z.number().optional(), max: z.number().optional() })]);

const Role = z.enum(["job", "flow"]).openapi({ description: "`flow`: flows themselves; `job`: all that are none" });

const conditions = {
  queue: Name.optional(),
  queues: z.array(Name).min(1).max(100).optional(),
  states: z.union([State, z.array(State).min(1).max(10)]).optional(),
  task: Name.optional(),
  tasks: z.array(Name).min(1).max(100).optional(),
  tag: Text.optional(),
  tags: z.array(Text).min(1).max(16).optional(),
  priority: Numbers.optional(),
  attempt: Numbers.optional(),
  created: Window.optional(),
  started: Window.optional(),
  finished: Window.optional(),
  worker: Text.optional(),
  flow: Text.optional(),
  role: Role.optional(),
  schedule: Text.optional(),
  fingerprint: Text.optional(),
  errorText: Text.optional(),
  idPrefix: Text.optional(),
  idContains: Text.optional(),
  noWorker: z.boolean().optional(),
};

/** A filter in a body. */
export const Filter = z
  .strictObject({ ...conditions, not: z.strictObject(conditions).optional() })
  .openapi("Filter", { description: "All conditions must hold, and none of those in `not`" });

type GivenConditions = Omit<z.infer<typeof Filter>, "not">;

/** The filter as the client takes it. */
export function filterOf({ not, ...given }: z.infer<typeof Filter>): JobQuery {
  return { ...conditionsOf(given), ...(not === undefined ? {} : { not: conditionsOf(not) }) };
}

function conditionsOf({ created, started, finished, ...plain }: GivenConditions): JobQueryConditions {
  return {
    ...plain,
    ...windowOf("created", created?.from, created?.before),
    ...windowOf("started", started?.from, started?.before),
    ...windowOf("finished", finished?.from, finished?.before),
  } as JobQueryConditions;
}

const RANGE = "a number, or two with .. between them: 3, 1..5, 2.., ..4";
const Range = z.string().max(50).openapi({ description: RANGE, example: "1..5" });

const texts = {
  queue: Name.optional(),
  queues: Commas.optional(),
  states: Commas.optional().openapi({ description: "One, or several with commas", example: "failed,partial" }),
  task: Name.optional(),
  tasks: Commas.optional(),
  tag: Text.optional(),
  tags: Commas.optional(),
  priority: Range.optional(),
  attempt: Range.optional(),
  createdFrom: GivenTime.optional(),
  createdBefore: GivenTime.optional(),
  startedFrom: GivenTime.optional(),
  startedBefore: GivenTime.optional(),
  finishedFrom: GivenTime.optional(),
  finishedBefore: GivenTime.optional(),
  worker: Text.optional(),
  flow: Text.optional(),
  role: Role.optional(),
  schedule: Text.optional(),
  fingerprint: Text.optional(),
  errorText: Text.optional(),
  idPrefix: Text.optional(),
  idContains: Text.optional(),
  noWorker: Flag.optional(),
};

type Texts = { readonly [Name in keyof typeof texts]?: z.infer<(typeof texts)[Name]> };
type NegatedTexts = { [Name in keyof typeof texts as `not.${Name}`]: (typeof texts)[Name] };

const negated = Object.fromEntries(
  Object.entries(texts).map(([name, schema]) => [`not.${name}`, schema]),
) as NegatedTexts;

/** The conditions in the query of a list. */
export const filterQuery = { ...texts, ...negated };

/** The filter in a query, as the client takes it; what is no condition is left alone. @throws Problem */
export function filterOfQuery(query: Readonly<Record<string, unknown>>): JobQuery {
  const all: Record<string, unknown> = {};
  const none: Record<string, unknown> = {};
  for (const name of Object.keys(texts)) {
    if (query[name] !== undefined) all[name] = query[name];
    if (query[`not.${name}`] !== undefined) none[name] = query[`not.${name}`];
  }
  const not = Object.keys(none).length === 0 ? {} : { not: queryConditions("not.", none) };
  return { ...queryConditions("", all), ...not };
}

function queryConditions(within: string, given: Texts): JobQueryConditions {
  const { queues, states, tasks, tags, priority, attempt, noWorker, ...rest } = given;
  const { createdFrom, createdBefore, startedFrom, startedBefore, finishedFrom, finishedBefore, ...plain } = rest;
  return {
    ...plain,
    ...(queues === undefined ? {} : { queues: listOf(queues) }),
    // The client says which word is no state.
    ...(states === undefined ? {} : { states: listOf(states) as NonNullable<JobQueryConditions["states"]> }),
    ...(tasks === undefined ? {} : { tasks: listOf(tasks) }),
    ...(tags === undefined ? {} : { tags: listOf(tags) }),
    ...(priority === undefined ? {} : { priority: rangeOf(`${within}priority`, priority) }),
    ...(attempt === undefined ? {} : { attempt: rangeOf(`${within}attempt`, attempt) }),
    ...(noWorker === undefined ? {} : { noWorker }),
    ...windowOf("created", createdFrom, createdBefore),
    ...windowOf("started", startedFrom, startedBefore),
    ...windowOf("finished", finishedFrom, finishedBefore),
  } as JobQueryConditions;
}

function windowOf(name: string, from: string | undefined, before: string | undefined): object {
  if (from === undefined && before === undefined) return {};
  return {
    [name]: {
      ...(from === undefined ? {} : { from: new Date(from) }),
      ...(before === undefined ? {} : { before: new Date(before) }),
    },
  };
}

const NUMBER = /^-?\d{1,15}$/;

function rangeOf(field: string, text: string): NumberQuery {
  const [min = "", max, ...more] = text.split("..");
  if (max === undefined && NUMBER.test(min)) return Number(min);
  const ends = [min, max ?? ""];
  if (max === undefined || more.length > 0 || min + max === "" || ends.some((end) => end !== "" && !NUMBER.test(end))) {
    throw new Problem(400, "INVALID_INPUT", `${field}: ${RANGE}`, {
      members: { field, rule: RANGE, valueType: "string", in: "query" },
    });
  }
  return { ...(min === "" ? {} : { min: Number(min) }), ...(max === "" ? {} : { max: Number(max) }) };
}
