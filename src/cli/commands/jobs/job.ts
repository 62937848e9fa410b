/** `longshore job`: everything about one job; with `--watch` also what happens to it until it ends. */
import type { Command } from "commander";
import type { Job } from "../../../client/jobs/job.js";
import type { JobEvent } from "../../../client/jobs/job-events.js";
import type { Longshore } from "../../../client/longshore.js";
import { JobNotFound } from "../../../model/errors/errors.js";
import { resultUrl } from "../../../model/job/result-url.js";
import { connected } from "../../flags/connection.js";
import { ExitCode } from "../../terminal/exit.js";
import { findJob } from "../../flags/arguments.js";
import { progressText, stateStyle } from "../../views/job-table.js";
import { printJob, printLogLine } from "../../views/job-view.js";
import type { Output } from "../../terminal/output.js";
import { paint } from "../../terminal/table.js";
import { jsonText } from "../../terminal/terminal-text.js";
import { moment } from "../../terminal/time-text.js";

interface JobFlags {
  queue?: string;
  watch?: boolean;
}

/** How often (milliseconds) the log of a watched job is read: new lines make no event. */
const LOOK_EVERY = 1_000;

export function defineJob(command: Command): void {
  command
    .argument("<id>")
    .option("--queue <name>", "where it is, if several queues have a job with this id")
    .option("--watch", "follow it until it ends; exit code 1 when it does not end well")
    .action(async (id: string, _flags: unknown, command: Command) => {
      await connected<JobFlags>(command, async ({ longshore, out, flags }) => {
        const job = await findJob(longshore, id, flags.queue);
        if (flags.watch) await follow(job, out);
        else await show(longshore, job, out);
      });
    });
}

async function show(longshore: Longshore, handle: Job, out: Output): Promise<void> {
  const [job, position, steps, milestones, log, remaining, tasks] = await Promise.all([
    handle.refresh(),
    handle.position(),
    handle.steps(),
    handle.milestones(),
    handle.logs(),
    handle.remaining(),
    longshore.tasks(),
  ]);
  const isLinked = job.role === "flow" || job.after.length > 0 || job.state === "blocked";
  const dependencies = isLinked ? await handle.dependencies() : [];
  const { label = null, resultUrl: template = null } = tasks.find(({ name }) => name === job.task) ?? {};
  const shown = job.result === null || template === null ? null : resultUrl(template, job);
  const details = { label, resultUrl: shown, dependencies, position, remaining, steps, milestones, log };
  if (out.json) out.document({ ...job, ...details });
  else printJob(out, { job, ...details }, Date.now());
}

async function follow(job: Job, out: Output): Promise<void> {
  const tail = new LogTail(job, out);
  const timer = setInterval(() => void tail.look().catch(() => {}), LOOK_EVERY);
  try {
    for await (const event of job.events()) {
      if (out.json) out.event(event);
      else printEvent(out, event);
      await tail.look();
      if (event.kind === "removed") throw new JobNotFound(job.id);
    }
  } finally {
    clearInterval(timer);
  }
  await tail.look();
  const end = await job.refresh();
  if (out.json) out.event({ kind: "end", job: end });
  else if (end.error !== null && end.state !== "completed")
    out.line(paint("red", `${end.error.name}: ${end.error.message}`));
  if (end.state !== "completed" && end.state !== "partial") process.exitCode = ExitCode.failed;
}

function printEvent(out: Output, event: JobEvent): void {
  const time = paint("dim", moment(event.at));
  if (event.kind === "state") out.line(time, "  ", paint(stateStyle(event.state), event.state));
  else if (event.kind === "progress") out.line(time, `  ${progressText(event.progress)}`);
  else if (event.kind === "status") out.line(time, `  ${event.name}`);
  else if (event.kind === "milestone") out.line(time, `  ${event.name}  ${jsonText(event.value)}`);
  else out.line(time, event.kind === "gap" ? "  events were missed" : "  removed");
}

/** Prints each line of a job's log once. */
class LogTail {
  readonly #job: Job;
  readonly #out: Output;
  #printed = 0;
  #looking: Promise<void> = Promise.resolve();

  constructor(job: Job, out: Output) {
    this.#job = job;
    this.#out = out;
  }

  look(): Promise<void> {
    const look = this.#looking.then(() => this.#print());
    // A failed read must not stop the later ones.
    this.#looking = look.catch(() => {});
    return look;
  }

  async #print(): Promise<void> {
    const { lines, dropped } = await this.#job.logs();
    for (const line of lines.slice(Math.max(0, this.#printed - dropped))) {
      if (this.#out.json) this.#out.event({ kind: "log", ...line });
      else printLogLine(this.#out, line);
    }
    this.#printed = dropped + lines.length;
  }
}
