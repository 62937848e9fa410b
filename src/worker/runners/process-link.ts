/**
 * A child that is a process, the leader of a process group, so that it is killed with everything it started. Its
 * standard output is the worker's; its standard error is passed on, and the end of it kept for errors.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { Duplex } from "node:stream";
import {
  childOptions,
  MARK,
  programFile,
  type ChildLink,
  type Death,
  type ChildMessages,
  WIRE,
} from "./channel/child-link.js";
import { frame, FrameReader } from "./channel/frames.js";
import { fromChild } from "./channel/from-child.js";
import type { OrphanGuard } from "./orphan-guard.js";
import { killGroup, killMarked } from "./process-marks.js";
import type { ToChild } from "./channel/protocol.js";

const MEGABYTE = 1024 ** 2;
/** How much of standard error is kept, in characters. */
const LAST_STDERR = 1_000;
/** How long (milliseconds) the last messages of a dead process are waited for. */
const LAST_MOMENT = 200;

export class ProcessLink implements ChildLink {
  readonly gone: Promise<Death>;
  onMessage: (message: ChildMessages) => void = () => {};
  readonly #child: ChildProcess;
  readonly #mark: string;
  /** Our end of the channel; `null` when the process could not be started. */
  readonly #pipe: Duplex | null;
  #stderr = "";

  /** @param maxMemory bytes */
  constructor(mark: string, maxMemory: number | null, payloadCap: number, orphanGuard: OrphanGuard) {
    const heap = maxMemory === null ? [] : [`--max-old-space-size=${Math.floor(maxMemory / MEGABYTE)}`];
    this.#mark = mark;
    this.#child = spawn(process.execPath, [...childOptions(), ...heap, programFile("child/child-main.js")], {
      detached: process.platform !== "win32",
      stdio: ["ignore", "inherit", "pipe", "pipe"],
      env: { ...process.env, [MARK]: mark },
    });
    const { pid } = this.#child;
    // Added before the child runs anything, so that the guard kills it whatever happens.
    if (pid !== undefined) orphanGuard.add(pid, mark);
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-LAST_STDERR);
      process.stderr.write(text);
    });
    const pipe = this.#child.stdio[WIRE];
    this.#pipe = pipe instanceof Duplex ? pipe : null;
    const frames = new FrameReader();
    this.#pipe?.on("data", (bytes: Buffer) => this.#receive(frames, bytes, payloadCap)).on("error", () => {});
    this.gone = this.#ending().then(async (death) => {
      await this.#sweep();
      if (pid !== undefined) orphanGuard.remove(pid);
      return death;
    });
  }

  send(message: ToChild): void {
    // A child that is gone receives nothing; `gone` reports its end.
    if (this.#pipe?.writable) this.#pipe.write(frame(message));
  }

  #receive(frames: FrameReader, bytes: Buffer, payloadCap: number): void {
    try {
      for (const sent of frames.read(bytes)) {
        const message = fromChild(sent, payloadCap);
        if (message !== null) this.onMessage(message);
      }
    } catch (error) {
      // After a malformed frame the start of the next message is unknown: close the channel.
      this.#pipe?.destroy();
      this.onMessage({ kind: "malformed", why: String(error) });
    }
  }

  kill(): void {
    const { pid } = this.#child;
    if (pid !== undefined) killGroup(pid);
  }

  /** What Linux says of the process; `null` where nothing is said of it. */
  async memory(): Promise<number | null> {
    try {
      const status = await readFile(`/proc/${this.#child.pid}/status`, "utf8");
      const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
      return kilobytes === undefined ? null : Number(kilobytes) * 1024;
    } catch {
      return null;
    }
  }

  #ending(): Promise<Death> {
    const death = (how: string, exitCode: number | null, signal: string | null, error: Error | null): Death => {
      const heapFull = this.#stderr.includes("JavaScript heap out of memory");
      return { how, exitCode, signal, lastStderr: this.#stderr.trim(), error, heapFull };
    };
    return new Promise((resolve) => {
      this.#child.once("error", (error) => {
        if (this.#child.pid === undefined) resolve(death(`could not be started: ${error.message}`, null, null, error));
      });
      this.#child.once("exit", (exitCode, signal) => {
        const how = signal === null ? `exited with code ${exitCode}` : `was ended by ${signal}`;
        const finish = (): void => resolve(death(how, exitCode, signal, null));
        // Its last messages may still be in the pipe.
        const timer = setTimeout(finish, LAST_MOMENT);
        const allReceived = (): void => {
          clearTimeout(timer);
          setImmediate(finish);
        };
        if (this.#pipe === null || this.#pipe.closed) allReceived();
        else this.#pipe.once("close", allReceived);
      });
    });
  }

  async #sweep(): Promise<void> {
    this.kill();
    await killMarked(this.#mark);
    // Every process of ours that could hold the other end of the pipe is gone by now.
    this.#child.stderr?.destroy();
    this.#pipe?.destroy();
  }
}
