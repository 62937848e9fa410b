/**
 * The conditions of a filter for the list script (scripts/lib/store/conditions.lua): those that it can answer from what stands
 * beside payloads. It leaves out jobs that do not match; what it leaves in is compared with the whole filter once it is read.
 */
import { CONDITIONS, lowerCase, type Asked, type JobFilter } from "../../../model/job/query/filter.js";
import { scheduleTag } from "../../../model/job/schedule-tag.js";

/** What a condition asks of the script: a name that it knows, and values. */
type Test = readonly [name: string, ...values: (string | number)[]];

/** All of these hold where the condition does. `isExact`: and nowhere else, so that it can be negated. */
interface Translation {
  readonly tests: readonly Test[];
  readonly isExact: boolean;
}

type Translations = { readonly [Name in keyof Asked]: (wanted: Asked[Name], queue: string) => Translation };

const SMALLEST = -Number.MAX_SAFE_INTEGER;
const LARGEST = Number.MAX_SAFE_INTEGER;

const TRANSLATIONS: Translations = {
  queue: () => exact(),
  queues: () => exact(),
  states: () => exact(),
  task: (task) => exact(["task", task]),
  tasks: (tasks) => exact(["task", ...tasks]),
  tag: (tag) => exact(["tag", tag]),
  tags: (tags) => exact(...tags.map((tag): Test => ["tag", tag])),
  priority: ({ min = SMALLEST, max = LARGEST }) => exact(["priority", min, max]),
  attempt: ({ min = SMALLEST, max = LARGEST }) => exact(["attempt", min, max]),
  createdFrom: (from) => exact(["created", from, ""]),
  createdBefore: (before) => exact(["created", "", before]),
  created: ({ from = "", before = "" }) => exact(["created", from, before]),
  started: ({ from = "", before = "" }) => exact(["started", from, before]),
  finished: ({ from = "", before = "" }) => exact(["finished", from, before]),
  worker: (worker) => likely(["worker", worker]),
  flow: (flow) => likely(["flow", `"id":${JSON.stringify(flow)}`]),
  role: (role) => exact(["role", role === "flow" ? 1 : 0]),
  schedule: (schedule) => exact(["tag", scheduleTag(schedule)]),
  fingerprint: (fingerprint) => exact(["fingerprint", fingerprint]),
  errorText: (text) => likely(["error", lowerCase(JSON.stringify(text).slice(1, -1))]),
  idPrefix: (prefix) => exact(["prefix", prefix]),
  idContains: (text) => exact(["id", text]),
  unknownTo: (known, queue) => exact(["task", ...(known[queue] ?? [])]),
};

/** The conditions as the script takes them. */
export interface Conditions {
  /** Empty when it has none to look at. */
  readonly text: string;
  /** Does all that it leaves in match, unless it has moved meanwhile? */
  readonly isComplete: boolean;
}

/** Those of a filter. */
export function encodeConditions({ not = {}, ...filter }: JobFilter, queue: string): Conditions {
  const all = CONDITIONS.flatMap((name) => {
    const holds = name === "unknownTo" ? 0 : 1;
    return translate(name, filter, queue).flatMap(({ tests }) => tests.map((test) => written(test, holds)));
  });
  const none = CONDITIONS.flatMap((name) => {
    const holds = name === "unknownTo" ? 1 : 0;
    return translate(name, not, queue)
      .filter(canNegate)
      .flatMap(({ tests }) => tests.map((test) => written(test, holds)));
  });
  const isComplete = CONDITIONS.every(
    (name) =>
      translate(name, filter, queue).every(({ isExact }) => isExact) && translate(name, not, queue).every(canNegate),
  );
  return { text: all.length + none.length === 0 ? "" : JSON.stringify([...all, ...none]), isComplete };
}

/** Of several tests it is enough that one does not hold, which the script cannot say. */
function canNegate({ isExact, tests }: Translation): boolean {
  return isExact && tests.length <= 1;
}

function translate<Name extends keyof Asked>(
  name: Name,
  given: Partial<Pick<Asked, Name>>,
  queue: string,
): Translation[] {
  const wanted = given[name];
  return wanted === undefined ? [] : [TRANSLATIONS[name](wanted, queue)];
}

function written([name, ...values]: Test, holds: number): readonly (string | number)[] {
  return [name, holds, ...values];
}

function exact(...tests: readonly Test[]): Translation {
  return { tests, isExact: true };
}

function likely(...tests: readonly Test[]): Translation {
  return { tests, isExact: false };
}
