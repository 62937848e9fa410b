/** `longshore enqueue`: one job from the command line, by the name of its task. */
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import type { Job } from "../../../client/jobs/job.js";
import type { EnqueueOptions } from "../../../client/enqueue/job-spec.js";
import type { Json } from "../../../model/value/codec.js";
import { parseDuration } from "../../../model/value/duration.js";
import { InvalidInput, JobFailed } from "../../../model/errors/errors.js";
import { parseName } from "../../../model/value/name.js";
import { connected } from "../../flags/connection.js";
import { parseJson, parseWhole, repeated } from "../../flags/arguments.js";
import { ExitCode } from "../../terminal/exit.js";
import type { Output } from "../../terminal/output.js";
import { paint } from "../../terminal/table.js";
import { jsonText } from "../../terminal/terminal-text.js";
import { parseMoment } from "../../terminal/time-text.js";

interface EnqueueFlags {
  queue?: string;
  delay?: string;
  runAt?: string;
  priority?: string;
  attempts?: string;
  retries?: string;
  timeout?: string;
  ttl?: string;
  tag?: string[];
  id?: string;
  uniqueKey?: string;
  throttle?: string;
  debounce?: string;
  maxWait?: string;
  supersedes?: string;
  hold?: boolean;
  meta?: string;
  wait?: boolean;
}

export function defineEnqueue(command: Command): void {
  command
    .argument("<task>", "the name of the task")
    .argument("[input]", "the input as JSON; - reads it from standard input", "null")
    .option("--queue <name>", "the queue; the task's own is not known here (default: default)")
    .option("--delay <duration>", "start it no earlier than this from now")
    .option("--run-at <time>", "start it no earlier than this, such as 2026-12-01T10:00:00Z")
    .option("--priority <n>", "lower runs first (default: 0)")
    .option("--attempts <n>", "how often it may run in all (default: 3)")
    .option("--retries <n>", "the same, without the first run")
    .option("--timeout <duration>", "how long one attempt may take (default: 5m)")
    .option("--ttl <duration>", "let it expire if it has not started by then")
    .option("--tag <tag>", "a tag such as user:42 (may be repeated)", repeated)
    .option("--id <id>", "an id of your own; the same again enqueues nothing")
    .option("--unique-key <key>", "enqueue nothing while a job with this key has not ended")
    .option("--throttle <duration>", "at most one job with this --unique-key in this time")
    .option("--debounce <duration>", "run when no other with this --unique-key came for this long, with the last input")
    .option("--max-wait <duration>", "the longest that --debounce may go on")
    .option("--supersedes <key>", "take the place of the job before it with this key, which ends as superseded")
    .option("--hold", "create it, but let nothing run it before `longshore release`")
    .option("--meta <json>", "a small JSON object to find again with the job")
    .option("--wait", "wait for its end and print the result; exit code 1 when it does not end well")
    .action(async (task: string, input: string, _flags: unknown, command: Command) => {
      const flags = command.opts<EnqueueFlags>();
      parseName("task", task);
      const options = optionsOf(flags);
      const value = parseJson("input", input === "-" ? await text(process.stdin) : input);
      await connected(
        command,
        async ({ longshore, out }) => {
          const job = await longshore.enqueue(task, value, options);
          if (flags.wait) await finish(job, out);
          else announce(job, out);
        },
        { creates: true },
      );
    });
}

function optionsOf(flags: EnqueueFlags): EnqueueOptions {
  const { queue, delay, runAt, priority, attempts, retries, timeout, ttl, tag, id, supersedes, hold, meta } = flags;
  return {
    ...(queue === undefined ? {} : { queue: parseName("--queue", queue) }),
    ...(delay === undefined ? {} : { delay: parseDuration("--delay", delay) }),
    ...(runAt === undefined ? {} : { runAt: parseMoment("--run-at", runAt) }),
    ...(priority === undefined ? {} : { priority: parseWhole("--priority", priority) }),
    ...(attempts === undefined ? {} : { attempts: parseWhole("--attempts", attempts) }),
    ...(retries === undefined ? {} : { retries: parseWhole("--retries", retries) }),
    ...(timeout === undefined ? {} : { timeout: parseDuration("--timeout", timeout) }),
    ...(ttl === undefined ? {} : { ttl: parseDuration("--ttl", ttl) }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(id === undefined ? {} : { id }),
    ...uniqueOf(flags),
    ...(supersedes === undefined ? {} : { supersedes }),
    ...(hold === undefined ? {} : { hold }),
    ...(meta === undefined ? {} : { meta: parseMeta(meta) }),
  };
}

function uniqueOf({ uniqueKey, throttle, debounce, maxWait }: EnqueueFlags): Pick<EnqueueOptions, "unique"> {
  if (uniqueKey === undefined) {
    for (const [flag, value] of Object.entries({ throttle, debounce, "max-wait": maxWait })) {
      if (value !== undefined) throw new InvalidInput(`--${flag}`, value, "only with --unique-key");
    }
    return {};
  }
  return {
    unique: {
      key: uniqueKey,
      ...(throttle === undefined ? {} : { throttle: parseDuration("--throttle", throttle) }),
      ...(debounce === undefined ? {} : { debounce: parseDuration("--debounce", debounce) }),
      ...(maxWait === undefined ? {} : { maxWait: parseDuration("--max-wait", maxWait) }),
    },
  };
}

function parseMeta(flag: string): { readonly [key: string]: Json } {
  const value = parseJson("--meta", flag);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidInput("--meta", flag, "a JSON object");
  }
  return value as { readonly [key: string]: Json };
}

function announce({ id, queue, outcome }: Job, out: Output): void {
  if (out.json) {
    out.document({ id, queue, outcome });
    return;
  }
  out.line(id);
  if (outcome === "existing") out.note("note: a job with this id was there already; nothing was enqueued");
  if (outcome === "replaced") out.note("note: this job holds the unique key; it has the new input");
  if (outcome === "joined") out.note("note: this job holds the unique key; nothing was enqueued");
}

async function finish(handle: Job, out: Output): Promise<void> {
  if (!out.json) announce(handle, out);
  // A job that ended badly is printed from its snapshot, which has more than its error.
  await handle.result().catch((error: unknown) => {
    if (!(error instanceof JobFailed)) throw error;
  });
  const { id, queue, outcome } = handle;
  const { state, result, error } = await handle.refresh();
  const well = state === "completed" || state === "partial";
  if (out.json) out.document({ id, queue, outcome, state, result, error });
  else if (well) out.block(jsonText(result, 2));
  else
    out.note(
      paint("red", "error: "),
      `job ${id} ended as ${state}`,
      error === null ? "" : `: ${error.name}: ${error.message}`,
    );
  if (!well) process.exitCode = ExitCode.failed;
}
