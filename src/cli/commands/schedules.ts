/** `longshore schedules`: jobs at given times: listed, added, paused, resumed, run now, removed. */
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import type { Longshore } from "../../client/longshore.js";
import { parseDuration } from "../../model/value/duration.js";
import { LongshoreError, ScheduleNotFound } from "../../model/errors/errors.js";
import { parseName } from "../../model/value/name.js";
import type { ScheduleOption } from "../../model/schedule/schedule.js";
import type { TickOptions } from "../../model/schedule/template.js";
import { parseJson, parseWhole, repeated } from "../flags/arguments.js";
import { confirm } from "../terminal/confirm.js";
import { connected } from "../flags/connection.js";
import { exitCodeOf, messageOf } from "../terminal/exit.js";
import { printSchedule, printSchedules } from "../views/schedule-view.js";
import { paint } from "../terminal/table.js";
import { moment, parseMoment } from "../terminal/time-text.js";

interface AddFlags {
  cron?: string;
  timeZone?: string;
  every?: string;
  anchor?: string;
  catchUp?: string;
  overlap?: string;
  jitter?: string;
  start?: string;
  end?: string;
  paused?: boolean;
  queue?: string;
  priority?: string;
  attempts?: string;
  timeout?: string;
  ttl?: string;
  tag?: string[];
}

export function defineSchedules(schedules: Command): void {
  schedules
    .command("list", { isDefault: true })
    .description("list schedules; those named in full, with their next five times")
    .argument("[names...]")
    .option("--queue <name>", "those of this queue")
    .action(async (names: string[], _flags: unknown, command: Command) => list(command, names));
  addAddCommand(schedules);
  for (const one of commands) {
    const { name, description, done } = one;
    schedules
      .command(name)
      .description(description)
      .argument("<names...>")
      .action(async (names: string[], _flags: unknown, command: Command) => {
        await connected(command, async ({ longshore, out }) => {
          const answers = await each(names, (schedule) => one.act(longshore, schedule));
          if (out.json) out.document(answers);
          for (const { name: schedule, ok, job, error } of out.json ? [] : answers) {
            if (ok) out.line(job ?? `${schedule} ${done}`);
            else out.note(paint("red", "error: "), error?.message ?? "");
          }
        });
      });
  }
  schedules
    .command("remove")
    .description("remove schedules; their jobs stay")
    .argument("<names...>")
    .option("-y, --yes", "do not ask")
    .action(async (names: string[], _flags: unknown, command: Command) => remove(command, names));
}

function addAddCommand(schedules: Command): void {
  schedules
    .command("add")
    .description("add a schedule, or change the one with this name")
    .argument("<name>", "what it is known by")
    .argument("<task>", "the name of the task its jobs run")
    .argument("[input]", "their input as JSON; - reads it from standard input", "null")
    .option("--cron <expression>", "when: '0 3 * * *', 6 fields with seconds first, or @daily and the like")
    .option("--time-zone <zone>", "whose clocks --cron means, such as Europe/Berlin (default: UTC)")
    .option("--every <duration>", "when: at this interval, from 1s")
    .option("--anchor <time>", "the time of one tick of --every; all others follow from it (default: 1970-01-01)")
    .option("--catch-up <policy>", "ticks that no worker saw: skip, one (the latest) or all (default: one)")
    .option("--overlap <policy>", "a tick while its last job has not ended: allow, skip or supersede (default: allow)")
    .option("--jitter <duration>", "run each job up to this much later")
    .option("--start <time>", "no tick before this, such as 2026-12-01T10:00:00Z")
    .option("--end <time>", "no tick after this")
    .option("--paused", "do not fire before `longshore schedules resume`")
    .option("--queue <name>", "the queue; the task's own is not known here (default: default)")
    .option("--priority <n>", "of its jobs; lower runs first (default: 0)")
    .option("--attempts <n>", "how often one of its jobs may run in all (default: 3)")
    .option("--timeout <duration>", "how long one attempt may take (default: 5m)")
    .option("--ttl <duration>", "let a job expire if it has not started by then")
    .option("--tag <tag>", "a tag of its jobs beside schedule:NAME (may be repeated)", repeated)
    .action(async (name: string, task: string, input: string, _flags: unknown, command: Command) => {
      const flags = command.opts<AddFlags>();
      const value = parseJson("input", input === "-" ? await text(process.stdin) : input);
      // parseTaskSchedule checks that it is either --cron or --every, with everything else.
      const option = { name, task, input: value, ...timesOf(flags), options: optionsOf(flags) } as ScheduleOption;
      await connected(
        command,
        async ({ longshore, out }) => {
          const put = await longshore.schedules.put(option);
          if (out.json) {
            out.document(put);
            return;
          }
          const [next] = put.next;
          const when = put.paused ? "paused" : next === undefined ? "never due again" : `next ${moment(next)}`;
          out.line(`${name} ${put.outcome === "created" ? "added" : put.outcome}, ${when}`);
        },
        { creates: true },
      );
    });
}

function timesOf(flags: AddFlags): Record<string, unknown> {
  const { cron, timeZone, every, anchor, catchUp, overlap, jitter, start, end, paused } = flags;
  return {
    ...(cron === undefined ? {} : { cron }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(every === undefined ? {} : { every: parseDuration("--every", every) }),
    ...(anchor === undefined ? {} : { anchor: parseMoment("--anchor", anchor) }),
    ...(catchUp === undefined ? {} : { catchUp }),
    ...(overlap === undefined ? {} : { overlap }),
    ...(jitter === undefined ? {} : { jitter: parseDuration("--jitter", jitter) }),
    ...(start === undefined ? {} : { start: parseMoment("--start", start) }),
    ...(end === undefined ? {} : { end: parseMoment("--end", end) }),
    ...(paused === undefined ? {} : { paused }),
  };
}

function optionsOf({ queue, priority, attempts, timeout, ttl, tag }: AddFlags): TickOptions {
  return {
    ...(queue === undefined ? {} : { queue: parseName("--queue", queue) }),
    ...(priority === undefined ? {} : { priority: parseWhole("--priority", priority) }),
    ...(attempts === undefined ? {} : { attempts: parseWhole("--attempts", attempts) }),
    ...(timeout === undefined ? {} : { timeout: parseDuration("--timeout", timeout) }),
    ...(ttl === undefined ? {} : { ttl: parseDuration("--ttl", ttl) }),
    ...(tag === undefined ? {} : { tags: tag }),
  };
}

async function list(command: Command, names: readonly string[]): Promise<void> {
  await connected<{ queue?: string }>(command, async ({ longshore, out, flags: { queue } }) => {
    const all = await longshore.schedules.list(queue === undefined ? {} : { queue });
    const found = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
    if (out.json) out.document(found);
    else if (names.length > 0) for (const schedule of found) printSchedule(out, schedule, Date.now());
    else if (found.length > 0) printSchedules(out, found, Date.now());
    else out.note("There are no schedules.");
    const missing = names.find((name) => !found.some((schedule) => schedule.name === name));
    if (missing !== undefined) throw new ScheduleNotFound(missing);
  });
}

/** The result for one schedule. */
interface Answer {
  readonly name: string;
  readonly ok: boolean;
  /** The job of `run`. */
  readonly job?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

interface ScheduleCommand {
  readonly name: string;
  readonly description: string;
  readonly done: string;
  act(longshore: Longshore, name: string): Promise<{ readonly job?: string }>;
}

const commands: readonly ScheduleCommand[] = [
  {
    name: "pause",
    description: "stop schedules from firing; their jobs go on",
    done: "paused",
    async act(longshore, name) {
      await longshore.schedules.pause(name);
      return {};
    },
  },
  {
    name: "resume",
    description: "let paused schedules fire again; what they missed is not made up for",
    done: "resumed",
    async act(longshore, name) {
      await longshore.schedules.resume(name);
      return {};
    },
  },
  {
    name: "run",
    description: "enqueue a job of each now, and print its id; the times stay as they are",
    done: "enqueued",
    async act(longshore, name) {
      return { job: (await longshore.schedules.run(name)).id };
    },
  },
];

/** Applies a command to each schedule; an error for one does not stop the others. */
async function each(names: readonly string[], act: (name: string) => Promise<{ job?: string }>): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const name of names) {
    try {
      answers.push({ name, ok: true, ...(await act(name)) });
    } catch (error) {
      const code = error instanceof LongshoreError ? error.code : "UNKNOWN";
      if (!["SCHEDULE_NOT_FOUND", "UNIQUE_CONFLICT", "INVALID_INPUT", "UNDECODABLE"].includes(code)) throw error;
      process.exitCode ??= exitCodeOf(error);
      answers.push({ name, ok: false, error: { code, message: messageOf(error) } });
    }
  }
  return answers;
}

async function remove(command: Command, names: readonly string[]): Promise<void> {
  for (const name of names) parseName("name", name);
  await connected<{ yes?: boolean }>(command, async ({ longshore, out, flags }) => {
    await confirm(`remove ${names.length === 1 ? "schedule" : "schedules"} ${names.join(", ")}`, flags.yes);
    const answers = await each(names, async (name) => {
      if (!(await longshore.schedules.remove(name))) throw new ScheduleNotFound(name);
      return {};
    });
    if (out.json) out.document(answers);
    for (const { name, ok, error } of out.json ? [] : answers) {
      if (ok) out.line(`${name} removed`);
      else out.note(paint("red", "error: "), error?.message ?? "");
    }
  });
}
