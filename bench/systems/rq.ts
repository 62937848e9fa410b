/**
 * RQ, the Python queue, from Debian's package: enqueue_many in a pipeline, and SimpleWorker, which runs jobs in its own
 * process and does not fork for each. A worker runs one job after another, so that concurrency is worker processes.
 */
import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { ProgramLine } from "./program-line.js";
import { sourcePath } from "./program.js";
import type { System } from "../system.js";

/** Debian installs its Python packages for its own Python, which need not be the first on the PATH. */
const PYTHONS = ["python3", "/usr/bin/python3"];

export const rq: System = {
  name: "rq",
  store: "redis",
  settings:
    "Python: enqueue_many in a pipeline, SimpleWorker (no fork), one job at a time in each worker process, " +
    "as many processes as CPUs, quiet log, Retry(2), results and completed jobs kept; calls and events cross a pipe (0.1 ms)",
  cannot: {
    "add-seq": "each call from here would cross a pipe to Python, a quarter of the time it takes",
    "add-conc": "its client makes one call after another",
    recover: "jobs of a killed worker are marked failed, not run again",
    memory: "running the 100,000 jobs that are weighed takes it minutes",
    idle: "its worker's CPU time is another process's",
  },
  async probe() {
    const found = await find();
    if (found === undefined) return { missing: "RQ is not installed (Debian: apt-get install python3-rq)" };
    return { version: found.version };
  },
  async open(store, queue) {
    const found = await find();
    if (found === undefined) throw new Error("RQ is not installed.");
    // -u: what is written leaves at once. -B: no compiled files beside the sources.
    const run = (file: string): string[] => [found.python, "-u", "-B", sourcePath(`rq/${file}`)];
    const workers = (concurrency: number): string[][] =>
      Array.from({ length: Math.min(concurrency, availableParallelism()) }, () => run("worker.py"));
    return new ProgramLine({ client: run("client.py"), workers }, store, queue).open();
  },
};

async function find(): Promise<{ python: string; version: string } | undefined> {
  for (const python of PYTHONS) {
    try {
      const { stdout } = await promisify(execFile)(python, ["-c", "import rq; print(rq.__version__)"]);
      return { python, version: stdout.trim() };
    } catch {
      continue;
    }
  }
  return undefined;
}
