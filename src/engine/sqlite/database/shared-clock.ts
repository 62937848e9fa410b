/**
 * The machine's clock, as all processes that have the file open agree on it: by the part of it that never jumps they tell whether
 * the worker of another is alive. Linux gives each time namespace, which a container may have of its own, a clock that is
 * shifted, and says by how much. Where the system says nothing of that, there are no such namespaces.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { systemClock, type Clock } from "../../../model/value/clock.js";

/** What the system says of this process. @throws where it says nothing */
export interface ProcessFiles {
  link(name: string): string;
  text(name: string): string;
}

const fromSystem: ProcessFiles = {
  link: (name) => readlinkSync(`/proc/self/${name}`),
  text: (name) => readFileSync(`/proc/self/${name}`, "utf8"),
};

const OFFSET = /^monotonic\s+(-?\d+)\s+(-?\d+)\s*$/m;

/** By how many milliseconds the clock of this process is ahead of that of the machine. */
export function clockOffset(files = fromSystem): number {
  try {
    // The offsets are those of the namespace that children get, which a process that has just made one is not in itself.
    if (files.link("ns/time") !== files.link("ns/time_for_children")) return 0;
    const [, seconds, nanoseconds] = OFFSET.exec(files.text("timens_offsets")) ?? [];
    return Math.round(Number(seconds ?? 0) * 1_000 + Number(nanoseconds ?? 0) / 1e6);
  } catch {
    return 0;
  }
}

const offset = clockOffset();

export const sharedClock: Clock = {
  ...systemClock,
  monotonic: () => systemClock.monotonic() - offset,
};
