// The execution log of a test's workers: the work their handlers really did, independent of the engine's records. A file to
// which every worker process appends a line when work is done: the id of the job, and its own process id.
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

export class ExecutionLog {
  readonly path: string;
  /** Work done, by job: the process of each time. */
  readonly done = new Map<string, number[]>();
  readonly #file: number;
  #rest = "";

  constructor(folder: string) {
    this.path = join(folder, "executions");
    this.#file = openSync(this.path, "a+");
  }

  /** Reads what was written since it was last read. */
  read(): this {
    const chunk = Buffer.alloc(1 << 16);
    for (let size = 0; (size = readSync(this.#file, chunk)) > 0;) {
      const lines = (this.#rest + chunk.toString("utf8", 0, size)).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) this.#enter(line);
    }
    return this;
  }

  /** How often work was done. */
  get effects(): number {
    let count = 0;
    for (const times of this.done.values()) count += times.length;
    return count;
  }

  close(): void {
    closeSync(this.#file);
  }

  #enter(line: string): void {
    const [id = "", pid = ""] = line.split(" ");
    this.done.set(id, [...(this.done.get(id) ?? []), Number(pid)]);
  }
}
