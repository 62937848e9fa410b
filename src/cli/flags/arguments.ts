/** The values of a command line: numbers, JSON, lists, and the jobs and flows that it names by id. */
import { InvalidArgumentError, type Command } from "commander";
import type { FlowJob } from "../../client/jobs/flow-job.js";
import type { Job } from "../../client/jobs/job.js";
import type { Longshore } from "../../client/longshore.js";
import { InvalidInput, JobNotFound } from "../../model/errors/errors.js";
import { UsageError } from "../terminal/exit.js";

/** Checks a number given on the command line. @throws InvalidInput */
export function parseWhole(flag: string, text: string): number {
  if (!/^-?\d+$/.test(text)) throw new InvalidInput(flag, text, "a whole number");
  return Number(text);
}

/** Checks JSON given on the command line. @throws InvalidInput */
export function parseJson(field: string, text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (error) {
    throw new InvalidInput(field, text, `JSON; quote it for the shell: '{"name": "value"}'`, { cause: error });
  }
}

/** Adds up a flag that may be given several times. */
export function repeated(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** Adds up a flag that may be given several times, or with commas. @throws InvalidArgumentError */
export function listed(value: string, before: readonly string[] = []): string[] {
  const parts = value.split(",").filter((part) => part !== "");
  if (parts.length === 0) throw new InvalidArgumentError("There is nothing in it.");
  return [...before, ...parts];
}

/** For the list that a command shows when none of its commands is named: what follows is the name of one that it does not have. @throws UsageError */
export function refuseUnknown({ args: [unknown], parent }: Command): void {
  if (unknown === undefined || parent === null) return;
  const names = parent.commands.map((command) => command.name()).join(", ");
  throw new UsageError(`${parent.name()} has no command ${unknown}, but ${names}`);
}

/** The job with an id, in a queue or in any; a `FlowJob` when it is a flow. @throws JobNotFound, InvalidInput */
export async function findJob(longshore: Longshore, id: string, queue: string | undefined): Promise<Job> {
  const job = await longshore.job(queue === undefined ? id : { queue, id });
  if (job === null) throw new JobNotFound(id);
  return job;
}

/** The flow with an id, or the flow of the job with this id. @throws JobNotFound, InvalidInput */
export async function findFlow(longshore: Longshore, id: string, queue: string | undefined): Promise<FlowJob> {
  const { role, flow, ...job } = await (await findJob(longshore, id, queue)).refresh();
  const ref = role === "flow" ? { queue: job.queue, id: job.id } : flow;
  if (ref === null) throw new InvalidInput("id", id, "the id of a flow, or of a job that belongs to one");
  const found = await longshore.flow({ queue: ref.queue, id: ref.id });
  if (found === null) throw new JobNotFound(ref.id);
  return found;
}
