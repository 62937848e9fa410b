/**
 * Schedules of tasks: as users write them, the task by its value or by its name, and checked with the defaults of the
 * task, its queue and the connection.
 */
import { InvalidInput } from "../model/errors/errors.js";
import type { JobDefaults } from "../model/options/options.js";
import {
  parseSchedule,
  type CronScheduleOption,
  type IntervalScheduleOption,
  type Schedule,
  type ScheduleOption,
} from "../model/schedule/schedule.js";
import type { TickOptions } from "../model/schedule/template.js";
import { isThenable } from "../model/value/thenable.js";
import { checkValue } from "./check-input.js";
import type { AnyTask, Task } from "./task.js";

type Untyped<Option> = Omit<Option, "task" | "input">;

type WithInput<Input> = undefined extends Input
  ? {
      /** The input of every one of its jobs. */
      input?: Input;
    }
  : {
      /** The input of every one of its jobs. */
      input: Input;
    };

/** A schedule of a task given as a value: its input is checked against the task's. */
export type TaskSchedule<Input = unknown> = (Untyped<CronScheduleOption> | Untyped<IntervalScheduleOption>) & {
  /** The task its jobs run. */
  task: Task<Input, unknown, never>;
} & WithInput<NoInfer<Input>>;

/** A schedule of any task, by its value or by its name. */
export type AnySchedule =
  | ScheduleOption
  | ((Untyped<CronScheduleOption> | Untyped<IntervalScheduleOption>) & { task: AnyTask; input?: unknown });

declare const checked: unique symbol;

/** A schedule whose input the compiler has checked against its task's: the result of `schedule()`. */
export type CheckedSchedule = AnySchedule & { readonly [checked]: true };

/** Settings of the connection that the jobs of a schedule need. */
export interface ScheduleSetup {
  /** Bytes of JSON an input may have. */
  readonly payloadCap: number;
  readonly queueDefaults: ReadonlyMap<string, JobDefaults>;
}

/**
 * A schedule of a task, its input typed by the task: for the list `schedules` of a worker, which cannot do that by itself, and
 * for `longshore.schedules.put`.
 * @throws InvalidInput at once for an unknown or impossible option
 * @example
 * const hourly = schedule({ name: "clean-up", task: cleanUp, input: { olderThan: "7d" }, cron: "0 * * * *" });
 * longshore.worker([cleanUp], { schedules: [hourly] });
 */
export function schedule<Input>(option: TaskSchedule<Input>): CheckedSchedule {
  parse("schedule", option, NO_SETUP);
  return Object.freeze({ ...option }) as AnySchedule as CheckedSchedule;
}

const NO_SETUP: ScheduleSetup = { payloadCap: Number.POSITIVE_INFINITY, queueDefaults: new Map() };

/**
 * Checks a schedule; a promise only when the task's schema is asynchronous.
 * @throws InvalidInput, PayloadTooLarge
 */
export function parseTaskSchedule(
  field: string,
  option: AnySchedule,
  setup: ScheduleSetup,
): Schedule | Promise<Schedule> {
  const parsed = parse(field, option, setup);
  const { task } = option;
  if (typeof task === "string" || task.schema === null) return parsed;
  const checked = checkValue(`${field}.input`, task.schema, option.input);
  return isThenable(checked) ? Promise.resolve(checked).then(() => parsed) : parsed;
}

function parse(field: string, option: unknown, { payloadCap, queueDefaults }: ScheduleSetup): Schedule {
  if (typeof option !== "object" || option === null || !("task" in option)) return parseSchedule(field, option);
  const task = option.task as AnyTask | string;
  const named = typeof task === "string";
  if (!named && typeof task?.name !== "string") throw new InvalidInput(`${field}.task`, task, "a task, or its name");
  const ofTask = named ? "default" : task.queue;
  const options = "options" in option ? (option.options as TickOptions | undefined) : undefined;
  const queue = options?.queue ?? ofTask;
  const layers = [queueDefaults.get(queue), named ? undefined : task.defaults];
  return parseSchedule(
    field,
    { ...option, task: named ? task : task.name },
    { queue: ofTask, options: layers, payloadCap },
  );
}
