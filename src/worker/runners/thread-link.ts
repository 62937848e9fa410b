/** A child that is a thread of this process. */
import { Worker as Thread } from "node:worker_threads";
import { MARK, programFile, type ChildLink, type Death, type ChildMessages } from "./channel/child-link.js";
import { fromChild } from "./channel/from-child.js";
import { killMarked } from "./process-marks.js";
import type { ToChild } from "./channel/protocol.js";

const MEGABYTE = 1024 ** 2;
// A thread inherits Node's options by itself; it must not when they mean that the program is not a file.
const EVALUATES = process.execArgv.some((option) => /^-(-eval|-print|-input-type|[ep]$)/.test(option));

export class ThreadLink implements ChildLink {
  readonly gone: Promise<Death>;
  onMessage: (message: ChildMessages) => void = () => {};
  readonly #thread: Thread;

  /** @param maxMemory bytes of JavaScript heap */
  constructor(mark: string, maxMemory: number | null, payloadCap: number) {
    this.#thread = new Thread(programFile("child/child-main.js"), {
      ...(EVALUATES ? { execArgv: [] } : {}),
      env: { ...process.env, [MARK]: mark },
      name: "longshore-child",
      ...(maxMemory === null ? {} : { resourceLimits: { maxOldGenerationSizeMb: Math.floor(maxMemory / MEGABYTE) } }),
    });
    let error: Error | null = null;
    this.#thread.on("message", (sent: unknown) => {
      const message = fromChild(sent, payloadCap);
      if (message !== null) this.onMessage(message);
    });
    this.#thread.on("error", (thrown: unknown) => {
      error = thrown instanceof Error ? thrown : new Error(String(thrown));
    });
    this.gone = new Promise((resolve) => {
      this.#thread.once("exit", (exitCode) => {
        const heapFull = error !== null && Reflect.get(error, "code") === "ERR_WORKER_OUT_OF_MEMORY";
        const how = error === null ? `exited with code ${exitCode}` : `ended with ${error.name}: ${error.message}`;
        const death = { how, exitCode, signal: null, lastStderr: "", error, heapFull };
        void killMarked(mark).then(() => resolve(death));
      });
    });
  }

  send(message: ToChild): void {
    this.#thread.postMessage(message, []);
  }

  kill(): void {
    void this.#thread.terminate();
  }

  memory(): Promise<number | null> {
    return Promise.resolve(null);
  }
}
