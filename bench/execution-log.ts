/**
 * What is known of jobs that are added while others are done, here or in other processes; a completion may arrive before the
 * answer to its own add. The log resolves waits for a count, gives the pace of completions, and refuses a job that was completed
 * twice, one that was completed and never added, and counts that differ from the system's own.
 */
import { NotVerified } from "./scenario.js";
import type { Line } from "./system.js";
import type { WorkerReport } from "./worker-protocol.js";

/** How long nothing may happen while something is waited for. */
const PATIENCE_MS = 60_000;

/** How many completions were known at a moment. */
interface Mark {
  readonly at: number;
  readonly total: number;
}

export class ExecutionLog {
  readonly #added = new Set<string>();
  readonly #starts = new Map<string, number>();
  readonly #done = new Set<string>();
  readonly #marks: Mark[] = [];
  #failure: Error | null = null;
  #changed: () => void = () => undefined;

  /** Jobs were accepted. @throws NotVerified when one is known already */
  add(ids: readonly string[]): void {
    const expected = this.#added.size + ids.length;
    for (const id of ids) this.#added.add(id);
    if (this.#added.size !== expected) throw new NotVerified("an id was given to two jobs");
  }

  /** Records what a worker reports. */
  record({ starts, done, doneAt }: WorkerReport): void {
    for (const [id, at] of starts) this.#starts.set(id, at);
    for (const id of done) {
      if (this.#done.has(id)) this.fail(new NotVerified(`job ${id} was completed twice`));
      this.#done.add(id);
    }
    if (done.length > 0) this.#marks.push({ at: doneAt, total: this.#done.size });
    this.#changed();
  }

  /** Ends all waits with an error; the first one counts. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#changed();
  }

  /** How many jobs were added and not yet seen completed. */
  get outstanding(): number {
    return this.#added.size - this.#done.size;
  }

  /** How many jobs were seen completed. */
  get completions(): number {
    return this.#done.size;
  }

  /** How many jobs were seen to begin. */
  get begun(): number {
    return this.#starts.size;
  }

  /** The moment of the latest start. */
  get lastStart(): number {
    return Math.max(...this.#starts.values());
  }

  isDone(id: string): boolean {
    return this.#done.has(id);
  }

  /** @throws NotVerified when it was not seen to begin */
  startOf(id: string): number {
    const at = this.#starts.get(id);
    if (at === undefined) throw new NotVerified(`job ${id} was completed and not seen to begin`);
    return at;
  }

  /** Resolves when the test passes. @throws NotVerified when nothing happens for a minute; what `fail` was given */
  async until(test: () => boolean): Promise<void> {
    while (!test()) {
      if (this.#failure !== null) throw this.#failure;
      await this.#change();
    }
  }

  /** Milliseconds a job between these numbers of completions, measured at the reports of a worker. */
  pace(from: number, to: number): number {
    const first = this.#marks.find(({ total }) => total >= from);
    const last = this.#marks.find(({ total }) => total >= to);
    if (first === undefined || last === undefined || last.total === first.total) {
      throw new NotVerified(`completions ${from} to ${to} came as one: their pace is unknown`);
    }
    return (last.at - first.at) / (last.total - first.total);
  }

  /** Compares with what the system counts; call it when its workers have stopped. @throws NotVerified */
  async confirm(line: Line): Promise<void> {
    if (this.#failure instanceof NotVerified) throw this.#failure;
    for (const id of this.#done) {
      if (!this.#added.has(id)) throw new NotVerified(`job ${id} was completed and never added`);
    }
    const completed = await line.completed();
    if (completed !== null && completed !== this.#done.size) {
      throw new NotVerified(`${this.#done.size} jobs were seen completed and the system counts ${completed}`);
    }
    const waiting = await line.waiting();
    if (waiting !== this.outstanding) {
      throw new NotVerified(`${this.outstanding} jobs are left and the system counts ${waiting} waiting`);
    }
  }

  async #change(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      this.#changed = resolve;
      const stuck = (): void => reject(new NotVerified(`stuck with ${this.outstanding} jobs not seen completed`));
      timer = setTimeout(stuck, PATIENCE_MS);
    }).finally(() => clearTimeout(timer));
  }
}
