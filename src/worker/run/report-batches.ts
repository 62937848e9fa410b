/**
 * Splits what runs have reported into updates and commands of bounded size, since an engine serves no other client
 * while it takes one in. The order of a run's checkpoints and log lines is kept.
 */
import { MAX_JOBS_PER_COMMAND, type Report } from "../../engine/contract/engine.js";
import type { Checkpoint } from "../../model/job/report/checkpoint.js";
import type { LogLine } from "../../model/job/report/log.js";
import type { PendingCheckpoint, Run } from "./run.js";

/** The most checkpoints, and the most log lines, in an update. */
const MOST_CHECKPOINTS = 500;
const MOST_LINES = 1_000;
/** How many characters of checkpoints and log lines a command carries, unless one alone is longer. */
const MOST_TEXT = 4 * 1024 * 1024;

/** A report, and its checkpoints with the promises that wait for them. */
export interface Update {
  readonly run: Run;
  readonly report: Report;
  readonly checkpoints: readonly PendingCheckpoint[];
}

/** Takes what a run has pending. */
export function takeUpdates(run: Run): Update[] {
  const { pending } = run;
  run.pending = null;
  if (pending === null) return [];
  const { queue, id, epoch } = run.lease;
  const { progress, meta } = pending;
  const checkpoints = cut(pending.checkpoints, MOST_CHECKPOINTS, ({ checkpoint }) => lengthOf(checkpoint));
  const logs = cut(pending.lines, MOST_LINES, lineLength);
  const parts = Math.max(checkpoints.length, logs.length, 1);
  return Array.from({ length: parts }, (_, part) => {
    const saved = checkpoints[part] ?? [];
    const lines = logs[part] ?? [];
    const last = part === parts - 1;
    const report = {
      queue,
      id,
      epoch,
      ...(saved.length === 0 ? {} : { checkpoints: saved.map(({ checkpoint }) => checkpoint) }),
      ...(progress === null || !last ? {} : { progress }),
      ...(meta === null || !last ? {} : { meta }),
      ...(lines.length === 0 ? {} : { lines, number: (run.reports += 1) }),
    };
    return { run, report, checkpoints: saved };
  });
}

/** Groups updates into commands. */
export function commandsOf(updates: readonly Update[]): Update[][] {
  return cut(updates, MAX_JOBS_PER_COMMAND, ({ report: { checkpoints = [], lines = [] } }) => {
    const left = checkpoints.reduce((sum, checkpoint) => sum + lengthOf(checkpoint), 0);
    return lines.reduce((sum, line) => sum + lineLength(line), left);
  });
}

/** Cuts a list into parts of at most `most` elements and at most 4 MiB of text, unless one element alone is longer. */
export function cut<T>(all: readonly T[], most: number, length: (one: T) => number): T[][] {
  const parts: T[][] = [];
  let text = 0;
  for (const one of all) {
    const own = length(one);
    const part = parts.at(-1);
    if (part === undefined || part.length >= most || text + own > MOST_TEXT) {
      parts.push([one]);
      text = own;
    } else {
      part.push(one);
      text += own;
    }
  }
  return parts;
}

function lengthOf({ name, key, value }: Checkpoint): number {
  return name.length + (key?.length ?? 0) + value.length;
}

function lineLength({ message }: LogLine): number {
  return message.length;
}
