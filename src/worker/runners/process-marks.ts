/**
 * Kills what a child leaves behind: its process group, and processes elsewhere that carry its mark in their environment
 * (browsers, for example, start groups of their own). Marked processes are found on Linux only, where the environment
 * of a process can be read.
 */
import { readFile, readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { MARK } from "./channel/child-link.js";

/**
 * New processes may appear while others are killed, and dying takes a moment: how often to look again, and after how
 * long (milliseconds).
 */
const ROUNDS = 20;
const BETWEEN = 5;

/** Kills a process group, if there is one. */
export function killGroup(pid: number): void {
  kill(process.platform === "win32" ? pid : -pid);
}

/** Kills every process that carries the mark. Never rejects. */
export async function killMarked(mark: string): Promise<void> {
  if (process.platform !== "linux") return;
  for (let round = 0; round < ROUNDS; round += 1) {
    const found = await marked(mark);
    if (found.length === 0) return;
    for (const pid of found) kill(pid);
    await sleep(BETWEEN);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

async function marked(mark: string): Promise<number[]> {
  const wanted = Buffer.from(`${MARK}=${mark}\0`);
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const found = await Promise.all(pids.map(async (pid) => ((await carries(pid, wanted)) ? [pid] : [])));
  return found.flat();
}

async function carries(pid: number, wanted: Buffer): Promise<boolean> {
  try {
    return (await readFile(`/proc/${pid}/environ`)).includes(wanted);
  } catch {
    // It has ended, or belongs to another user.
    return false;
  }
}
