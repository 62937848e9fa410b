/**
 * Sees to it that no child process outlives its worker, whatever ends the worker. A child at the end of a closed channel
 * could end itself, but not while its handler keeps the CPU busy, and not the browsers it started. So a small process of
 * its own (`guardian-main.ts`) is told of each child, and ends those that are left when the worker is gone.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { programFile } from "./channel/child-link.js";

/** One that has not lived so long (milliseconds) is not replaced at once: the next would fare no better. */
const VIABLE = 1_000;

export class OrphanGuard {
  readonly #children = new Map<number, string>();
  #process: ChildProcess | null = null;
  #exited: Promise<void> = Promise.resolve();

  /** Watches over a child: its process id, which is that of its group, and the mark of its environment. */
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

  /** Lets go of it. Never rejects. */
  async close(): Promise<void> {
    this.#process?.stdin?.end();
    await this.#exited;
  }

  #start(): void {
    const orphanGuard = spawn(process.execPath, [programFile("orphan-guard-main.js")], {
      // Not of our group: what ends this one must not end that.
      detached: process.platform !== "win32",
      stdio: ["pipe", "ignore", "inherit"],
    });
    const startedAt = performance.now();
    this.#process = orphanGuard;
    this.#exited = new Promise((resolve) => {
      const over = (): void => {
        this.#process = null;
        resolve();
        // Should it die, another takes over; at the latest when the next child starts.
        if (this.#children.size > 0 && performance.now() - startedAt > VIABLE) this.#start();
      };
      orphanGuard.once("exit", over).once("error", over);
    });
    orphanGuard.stdin?.on("error", () => {});
    for (const [pid, mark] of this.#children) this.#send(`+ ${pid} ${mark}`);
  }

  #send(line: string): void {
    this.#process?.stdin?.write(`${line}\n`);
  }
}
