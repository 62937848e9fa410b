/**
 * Sidekiq, the Ruby queue, from Debian's package: push_bulk, and the `sidekiq` command with threads. It stores no results;
 * to do the same work the handler writes its own, with one HSET, which also is what counts as completed here.
 */
import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { ProgramLine } from "./program-line.js";
import { sourcePath } from "./program.js";
import type { System } from "../system.js";

/** Threads of a process; Sidekiq's documentation advises against many more, and Ruby runs one at a time. */
const THREADS = 25;

export const sidekiq: System = {
  name: "sidekiq",
  store: "redis",
  settings:
    "Ruby: push_bulk, no check of arguments, as many processes as CPUs with 25 threads each at most, quiet log, " +
    "hiredis when installed; its handler stores the result with one HSET; calls and events cross a pipe (0.1 ms)",
  cannot: {
    "add-seq": "each call from here would cross a pipe to Ruby, a quarter of the time it takes",
    "add-conc": "its client makes one call after another",
    retry: "its shortest retry waits 1 to 10 s at random, then for a poll",
    recover: "jobs of a killed worker are lost without Sidekiq Pro",
    idle: "its worker's CPU time is another process's",
  },
  async probe() {
    try {
      const { stdout } = await promisify(execFile)("ruby", ["-rsidekiq", "-e", "puts Sidekiq::VERSION"]);
      return { version: stdout.trim() };
    } catch {
      return { missing: "Sidekiq is not installed (Debian: apt-get install ruby-sidekiq)" };
    }
  },
  open(store, queue) {
    const workers = (concurrency: number): string[][] => {
      const processes = Math.min(availableParallelism(), Math.ceil(concurrency / THREADS));
      const threads = Math.min(THREADS, Math.ceil(concurrency / processes));
      const options = ["-c", String(threads), "-q", queue, "-t", "1", "-e", "production"];
      return Array.from({ length: processes }, () => ["sidekiq", "-r", sourcePath("sidekiq/worker.rb"), ...options]);
    };
    return new ProgramLine({ client: ["ruby", sourcePath("sidekiq/client.rb")], workers }, store, queue).open();
  },
};
