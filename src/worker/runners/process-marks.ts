/**
 * Kills what a child leaves behind: its process group, and processes elsewhere that carry its mark in their environment
 * (browsers, for example, start groups of their own). Marked processes are found where `/proc` shows the environment of a
 * process, as on Linux.
 */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
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

/**
 * Kills every process that carries the mark. Never rejects.
 * @param processes where the system lists processes; where it does not, none is found
 */
export async function killMarked(mark: string, processes = "/proc"): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const found = await marked(mark, processes);
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

async function marked(mark: string, processes: string): Promise<number[]> {
  const wanted = Buffer.from(`${MARK}=${mark}\0`);
  // Not there on other systems than Linux, nor in some sandboxes.
  const names = await readdir(processes).catch(() => []);
  const pids = names.map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const found = await Promise.all(pids.map(async (pid) => ((await carries(pid, wanted, processes)) ? [pid] : [])));
  return found.flat();
}

async function carries(pid: number, wanted: Buffer, processes: string): Promise<boolean> {
  try {
    return (await readFile(join(processes, String(pid), "environ"))).includes(wanted);
  } catch {
    // It has ended, or belongs to another user.
    return false;
  }
}
