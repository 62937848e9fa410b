// The clean-up: once an hour a job removes the scans that are older than they are kept, with all that they left: their
// jobs, and their folders, which the queue does not know.

import { mkdir, readdir, rm, stat } from "node:fs/promises";

import { task } from "longshore";
import type { Longshore } from "longshore";

import { pageQueue } from "./page-scan.js";
import { folderOf, scanOfFolder, scanQueue } from "./scan.js";

/** What was removed. */
export interface Removed {
  /** Jobs, those of pages included. */
  jobs: number;
  folders: number;
}

export interface Cleaning {
  longshore: Longshore;
  /** The folder in which each scan has one. */
  folder: string;
}

export interface CleanupOptions {
  /** How long scans are kept. */
  ttlSeconds: number;
  /** What time it is, in epoch milliseconds. Default: the machine's. */
  now?: () => number;
}

/** The name of the task and of its schedule. */
export const cleanupName = "cleanup_expired_jobs";

/** The task `cleanup_expired_jobs`, in a queue of its own: it does not stand in line behind scans. */
export function cleanupTask(cleaning: Cleaning, { ttlSeconds, now = Date.now }: CleanupOptions) {
  return task(cleanupName, { queue: "scan-upkeep", attempts: 3, timeout: "5m" }, async ({ signal, log }) => {
    const removed = await removeExpired(cleaning, { before: new Date(now() - ttlSeconds * 1_000), signal });
    log(`removed ${removed.jobs} jobs and ${removed.folders} folders`);
    return removed;
  });
}

/** Has `cleanup` run at every full hour. A missed one is not made up for: the next removes the same. */
export async function scheduleCleanup(longshore: Longshore, cleanup: ReturnType<typeof cleanupTask>): Promise<void> {
  await longshore.schedules.put({
    name: cleanupName,
    task: cleanup,
    cron: "0 * * * *",
    catchUp: "skip",
    overlap: "skip",
  });
}

/** Removes the scans created before a time, unless they are running. */
export async function removeExpired(
  { longshore, folder }: Cleaning,
  { before, signal }: { before: Date; signal: AbortSignal },
): Promise<Removed> {
  const removed: Removed = { jobs: 0, folders: 0 };
  // First the scans, so that none of them goes on without its pages.
  for (const queue of [scanQueue, pageQueue]) {
    const { applied } = await longshore.removeAll({ queue, createdBefore: before }, { signal });
    removed.jobs += applied;
  }
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    signal.throwIfAborted();
    const id = scanOfFolder(name);
    if (id === null) continue;
    const { path } = folderOf({ folder }, id);
    const { mtime } = await stat(path);
    // One whose scan is there is that of a running one, or of one that was retried.
    if (mtime >= before || (await longshore.job({ queue: scanQueue, id })) !== null) continue;
    await rm(path, { recursive: true, force: true });
    removed.folders += 1;
  }
  return removed;
}
