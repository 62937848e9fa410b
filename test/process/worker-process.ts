// A worker in a process of its own (`test/programs/worker.ts`, or another program of that folder) in the hands of a test:
// what it says can be awaited, and any signal be sent to it.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { WorkerReport, WorkerSetup } from "../programs/worker.js";
import { PATIENCE } from "../support/patience.js";

const programs = new URL("../../build/test/programs/", import.meta.url);

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class WorkerProcess {
  /** Everything it has said. */
  readonly told: WorkerReport[] = [];
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #listeners = new Set<() => void>();
  #stderr = "";

  /**
   * @param program a file of `test/programs/` that speaks as `worker.ts` does
   * @param env added to its environment
   */
  constructor(setup: WorkerSetup, program = "worker", env: Readonly<Record<string, string>> = {}) {
    const path = fileURLToPath(new URL(`${program}.js`, programs));
    const child = spawn(process.execPath, [path, JSON.stringify(setup)], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...env, LONGSHORE_TEST_RUN: process.env["LONGSHORE_TEST_RUN"] ?? "manual" },
    });
    this.#child = child;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4_000);
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.told.push(JSON.parse(line) as WorkerReport);
      this.#changed();
    });
    this.exited = once(child, "close").then(([code, signal]: unknown[]) => {
      this.#changed();
      return { code, signal } as Exit;
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Does the process live? */
  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it as a crash does; resolves when it is gone. */
  async kill(): Promise<Exit> {
    if (this.alive) this.signal("SIGKILL");
    return this.exited;
  }

  /** Everything it has said of one kind, about one job if it is given. */
  all(event: string, id?: string): WorkerReport[] {
    return this.told.filter((line) => line.event === event && (id === undefined || line.id === id));
  }

  /** The first line of a kind, about one job if it is given; waits for it. */
  async hears(event: string, id?: string): Promise<WorkerReport> {
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      const [line] = this.all(event, id);
      if (line !== undefined) return line;
      const left = deadline - performance.now();
      if (left <= 0 || !this.alive)
        throw new Error(`the worker did not say "${event}" ${id ?? ""}: ${this.#transcript()}`);
      await this.#change(left);
    }
  }

  /** How it ends; waits for it. */
  async ends(): Promise<Exit> {
    const timer = setTimeout(() => this.signal("SIGKILL"), PATIENCE);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#listeners.add(done);
    });
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #transcript(): string {
    return `it said ${JSON.stringify(this.told.slice(-20))} ${this.#stderr}`;
  }
}
