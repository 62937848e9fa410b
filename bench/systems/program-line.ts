/**
 * A queue whose producer is a program in another language: it adds and counts, and as many worker programs as are asked for
 * run the jobs. Both get their parameters through their environment.
 */
import { KILOBYTE_RESULT, RESULT, type Payload } from "../payload.js";
import type { Line, RunningWorker, Store, WorkOptions } from "../system.js";
import { Program } from "./program.js";

export interface Commands {
  /** The program that adds and counts. */
  readonly client: readonly string[];
  /** The programs that together work at a concurrency. */
  workers(concurrency: number): readonly (readonly string[])[];
}

export class ProgramLine implements Line {
  readonly #commands: Commands;
  readonly #env: Readonly<Record<string, string>>;
  readonly #client: Program;

  constructor(commands: Commands, store: Store, queue: string) {
    this.#commands = commands;
    this.#env = { BENCH_REDIS_URL: store.url, BENCH_QUEUE: queue };
    this.#client = new Program(commands.client, this.#env);
  }

  /** Waits until its client takes requests. */
  async open(): Promise<this> {
    await this.#client.ready;
    return this;
  }

  async add(payload: Payload): Promise<string> {
    const [id] = (await this.#client.ask({ do: "add", payloads: [payload] })) as string[];
    if (id === undefined) throw new Error("The client took no job.");
    return id;
  }

  async addBulk(payloads: readonly Payload[]): Promise<string[]> {
    return (await this.#client.ask({ do: "addBulk", payloads })) as string[];
  }

  async work({ concurrency, behaviour, ...events }: WorkOptions): Promise<RunningWorker> {
    const reports = (["started", "done"] as const).filter((report) => events[report] !== undefined);
    const env = {
      ...this.#env,
      BENCH_BEHAVIOUR: behaviour,
      BENCH_RESULT: JSON.stringify(behaviour === "kilobyte" ? KILOBYTE_RESULT : RESULT),
      BENCH_REPORTS: reports.join(","),
    };
    const programs = this.#commands.workers(concurrency).map((command) => new Program(command, env, events));
    const stop = async (): Promise<void> => {
      await Promise.all(programs.map((program) => program.end()));
    };
    try {
      await Promise.all(programs.map((program) => program.ready));
    } catch (error) {
      await stop();
      throw error;
    }
    return { stop };
  }

  async completed(): Promise<number> {
    return Number(await this.#client.ask({ do: "completed" }));
  }

  async waiting(): Promise<number> {
    return Number(await this.#client.ask({ do: "waiting" }));
  }

  close(): Promise<void> {
    return this.#client.end();
  }
}
