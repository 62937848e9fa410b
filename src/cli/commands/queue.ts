/** `longshore pause`, `resume`, `empty` and `obliterate`: commands on whole queues. */
import type { Command } from "commander";
import type { Longshore } from "../../client/longshore.js";
import { WrongState } from "../../model/errors/errors.js";
import { parseName } from "../../model/value/name.js";
import { confirm } from "../terminal/confirm.js";
import { connected } from "../flags/connection.js";
import { Refused } from "../terminal/exit.js";
import { jobCount } from "../flags/filters.js";
import type { Output } from "../terminal/output.js";

interface EmptyFlags {
  delayed?: boolean;
  yes?: boolean;
}

interface ObliterateFlags {
  force?: boolean;
  yes?: boolean;
}

export function definePause(command: Command): void {
  command
    .argument("<queue>")
    .action(async (queue: string, _flags: unknown, command: Command) => setPaused(command, queue, true));
}

export function defineResume(command: Command): void {
  command
    .argument("<queue>")
    .action(async (queue: string, _flags: unknown, command: Command) => setPaused(command, queue, false));
}

export function defineEmpty(command: Command): void {
  command
    .argument("<queue>")
    .option("--delayed", "also those that wait for their time")
    .option("-y, --yes", "do not ask")
    .action(async (queue: string, _flags: unknown, command: Command) => emptyQueue(command, queue));
}

export function defineObliterate(command: Command): void {
  command
    .argument("<queue>")
    .option("--force", "also while jobs run")
    .option("-y, --yes", "do not ask")
    .action(async (queue: string, _flags: unknown, command: Command) => obliterateQueue(command, queue));
}

async function setPaused(command: Command, queue: string, paused: boolean): Promise<void> {
  parseName("queue", queue);
  await connected(command, async ({ longshore, out }) => {
    await noteIfUnknown(longshore, out, queue);
    const handle = longshore.queue(queue);
    await (paused ? handle.pause() : handle.resume());
    if (out.json) out.document({ queue, paused });
    else out.line(`${paused ? "Paused" : "Resumed"} queue ${queue}`);
  });
}

async function emptyQueue(command: Command, queue: string): Promise<void> {
  parseName("queue", queue);
  await connected<EmptyFlags>(command, async ({ longshore, out, flags }) => {
    await noteIfUnknown(longshore, out, queue);
    const handle = longshore.queue(queue);
    const { queued, delayed } = await handle.counts();
    const which = flags.delayed
      ? `${queued} queued and ${jobCount(delayed, "delayed")} of queue ${queue}`
      : `${jobCount(queued, "queued")} of queue ${queue}`;
    await confirm(`remove ${which}, with their data`, flags.yes);
    const { applied } = await handle.drain({ delayed: flags.delayed ?? false });
    if (out.json) out.document({ queue, removed: applied });
    else out.line(`Removed ${jobCount(applied)} of queue ${queue}`);
    if (delayed > 0 && !flags.delayed) out.note(`${jobCount(delayed, "delayed")} left; --delayed removes them too`);
  });
}

async function obliterateQueue(command: Command, queue: string): Promise<void> {
  parseName("queue", queue);
  await connected<ObliterateFlags>(command, async ({ longshore, out, flags }) => {
    await noteIfUnknown(longshore, out, queue);
    const counts = Object.values(await longshore.queue(queue).counts());
    const jobs = counts.reduce((sum, count) => sum + count, 0);
    await confirm(`remove queue ${queue} and all in it: ${jobCount(jobs)}`, flags.yes);
    try {
      await longshore.queue(queue).obliterate({ force: flags.force ?? false });
    } catch (error) {
      if (!(error instanceof WrongState)) throw error;
      throw new Refused(`not done: jobs of queue ${queue} are running; stop its workers first, or use --force`);
    }
    if (out.json) out.document({ queue, obliterated: true });
    else out.line(`Removed queue ${queue} with all its jobs`);
  });
}

/** A misspelt name must not look like success. */
async function noteIfUnknown(longshore: Longshore, out: Output, queue: string): Promise<void> {
  const names = (await longshore.queues()).map(({ name }) => name);
  if (names.includes(queue)) return;
  const others = names.length === 0 ? "there is none" : `there are ${names.join(", ")}`;
  out.note(`note: there is no queue ${queue} yet; ${others}`);
}
