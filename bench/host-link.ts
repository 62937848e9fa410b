/** The bench's side of a host: starts the process, asks it for rounds one at a time, and ends it. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { RoundAnswer, RoundRequest } from "./host-protocol.js";

const PROGRAM = fileURLToPath(new URL("host.js", import.meta.url));
const END_MS = 5_000;

/** A round that does not count, and why. */
export class RoundFailed extends Error {}

export class HostLink {
  readonly #system: string;
  #process: ChildProcess | null = null;

  constructor(system: string) {
    this.#system = system;
  }

  /**
   * Does one round, in the same process as the last one unless that failed.
   * @throws RoundFailed when it is not verified, fails, takes longer than `patience` milliseconds, or its process ends
   */
  async round(request: RoundRequest, patience: number): Promise<Readonly<Record<string, number>>> {
    const host = this.#running();
    try {
      const answer = await answerTo(host, request, AbortSignal.timeout(patience));
      if ("measured" in answer) return answer.measured;
      throw new RoundFailed(answer.verified ? answer.failed : `not verified: ${answer.failed}`);
    } catch (error) {
      // What a failed round left running must not disturb the next.
      await this.end();
      throw error;
    }
  }

  /** Ends the process. */
  async end(): Promise<void> {
    const host = this.#process;
    this.#process = null;
    if (host === null || host.exitCode !== null || host.signalCode !== null) return;
    const exited = once(host, "exit");
    if (host.connected) host.disconnect();
    const deadline = setTimeout(() => host.kill("SIGKILL"), END_MS);
    await exited;
    clearTimeout(deadline);
  }

  #running(): ChildProcess {
    this.#process ??= fork(PROGRAM, [this.#system], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    return this.#process;
  }
}

async function answerTo(host: ChildProcess, request: RoundRequest, signal: AbortSignal): Promise<RoundAnswer> {
  const ended = new AbortController();
  const exited = (): void => ended.abort();
  host.once("exit", exited);
  try {
    host.send(request);
    const [answer] = (await once(host, "message", { signal: AbortSignal.any([signal, ended.signal]) })) as [
      RoundAnswer,
    ];
    return answer;
  } catch (error) {
    if (ended.signal.aborted) throw new RoundFailed("its process ended");
    if (signal.aborted) throw new RoundFailed("no answer in time");
    throw error;
  } finally {
    host.off("exit", exited);
  }
}
