/**
 * Makes sure that no child process outlives its worker, however the worker ends. A child could exit by itself when its
 * channel closes, but not while its handler blocks the CPU, and the browsers it started would stay. So a small separate
 * process (`orphan-guard-main.ts`) has a list of the children and kills the remaining ones when the worker is gone.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { programFile } from "./channel/child-link.js";

/** A guard that died sooner than this (milliseconds) is not restarted at once: the next one would die as well. */
const VIABLE = 1_000;

export class OrphanGuard {
  readonly #children = new Map<number, string>();
  #process: ChildProcess | null = null;
  #exited: Promise<void> = Promise.resolve();

  /** Adds a child: its process id, which is also that of its group, and the mark of its environment. */
  add(pid: number, mark: string): void {
    this.#children.set(pid, mark);
    if (this.#process === null) this.#start();
    else this.#send(`+ ${pid} ${mark}`);
  }

  /** The child is gone. */
  remove(pid: number): void {
    this.#children.delete(pid);
    this.#send(`- ${pid}`);
  }

  /** Ends the guard process. Never rejects. */
  async close(): Promise<void> {
    this.#process?.stdin?.end();
    await this.#exited;
  }

  #start(): void {
    // The children of this moment go with its arguments: a worker that is killed right after has sent no line.
    const children = [...this.#children].map(([pid, mark]) => `${pid} ${mark}`);
    const orphanGuard = spawn(process.execPath, [programFile("orphan-guard-main.js"), ...children], {
      // In a group of its own: a signal to the worker's group must not end the guard.
      detached: process.platform !== "win32",
      stdio: ["pipe", "ignore", "inherit"],
    });
    const startedAt = performance.now();
    this.#process = orphanGuard;
    this.#exited = new Promise((resolve) => {
      const over = (): void => {
        this.#process = null;
        resolve();
        // If the guard dies it is restarted, at the latest when the next child starts.
        if (this.#children.size > 0 && performance.now() - startedAt > VIABLE) this.#start();
      };
      orphanGuard.once("exit", over).once("error", over);
    });
    orphanGuard.stdin?.on("error", () => {});
  }

  #send(line: string): void {
    this.#process?.stdin?.write(`${line}\n`);
  }
}
