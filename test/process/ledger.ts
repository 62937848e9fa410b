// The ledger of a test's workers: what their handlers really did, whatever the engine says of it. A file to which every
// worker process appends; each line tells what happened (`start`, `done`), to which job, in which process, and how
// often a worker had died under the job.
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

export class Ledger {
  readonly path: string;
  /** Work done, by job: the process of each time. */
  readonly done = new Map<string, number[]>();
  /** What each process has begun and not done: the crashes of each job. */
  readonly open = new Map<number, Map<string, number>>();
  readonly #file: number;
  #rest = "";

  constructor(folder: string) {
    this.path = join(folder, "ledger");
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
    const [what, id = "", process = "", crashes = ""] = line.split(" ");
    const pid = Number(process);
    const open = this.open.get(pid) ?? new Map<string, number>();
    this.open.set(pid, open);
    if (what === "start") {
      open.set(id, Number(crashes));
    } else {
      open.delete(id);
      this.done.set(id, [...(this.done.get(id) ?? []), pid]);
    }
  }
}
