/** The commands in which jobs that wait for one another are queued again: few, and each job after those it waits for. */
import { MAX_JOBS_PER_COMMAND } from "../../engine/contract/engine.js";
import { keyOf, type JobRef } from "../../model/job/job-ref.js";

/** A job to be queued again. */
export interface Retried {
  readonly ref: JobRef;
  /** What it waits for and did not succeed: jobs it was enqueued after, jobs it spawned, members of a flow. */
  readonly waitsFor: readonly JobRef[];
}

/**
 * The commands that retry jobs, given in their order. Those in one command are in order, too, and wait only for jobs of their own
 * queue in it: queues are not changed at the same time.
 */
export function inCommands(jobs: Iterable<Retried>): JobRef[][] {
  const commands: JobRef[][] = [];
  let command: JobRef[] = [];
  let inCommand = new Set<string>();
  for (const { ref, waitsFor } of jobs) {
    const crosses = waitsFor.some((other) => other.queue !== ref.queue && inCommand.has(keyOf(other)));
    if (command.length === 0 || command.length >= MAX_JOBS_PER_COMMAND || crosses) {
      commands.push((command = []));
      inCommand = new Set();
    }
    command.push(ref);
    inCommand.add(keyOf(ref));
  }
  return commands;
}
