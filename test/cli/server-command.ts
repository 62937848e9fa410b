// Commands of Longshore that serve the API, as a test talks to them: their address, and requests to it.
import { onTestFinished } from "vitest";
import type { Target } from "longshore";
import { type CommandOptions, linesOf, type LogLine, Running } from "./command.js";

/** The answer to a request. */
export interface Answer {
  readonly status: number;
  // Tests say by their expectations what they take it for.
  readonly body: ReturnType<typeof JSON.parse>;
}

/** A command that serves under a port of its own; it ends with the test. */
export class Serving extends Running {
  constructor(args: readonly string[], options?: CommandOptions) {
    super(args, options);
    onTestFinished(async () => {
      this.signal("SIGKILL");
      await this.ended;
    });
  }

  /** The lines of its log with such a message. */
  said(message: RegExp): LogLine[] {
    return linesOf(this.stdout).filter((line) => message.test(line.message));
  }

  /** Where it serves, once it does. */
  async url(): Promise<string> {
    await this.prints(/"Server started".*\n/);
    return String(this.said(/Server started/)[0]?.["url"]);
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#ask(path, { headers });
  }

  post(path: string, body: unknown): Promise<Answer> {
    const headers = { "content-type": "application/json" };
    return this.#ask(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  async #ask(path: string, request: RequestInit): Promise<Answer> {
    const response = await fetch(`${await this.url()}${path}`, request);
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") ?? false;
    return { status: response.status, body: isJson ? JSON.parse(text) : text };
  }
}

/** The flags that lead to a target. */
export function flagsFor(target: Target): string[] {
  if (target.engine === "sqlite") return ["--url", `sqlite:${target.path}`];
  if (target.engine !== "redis") throw new Error("no other process sees what is in memory");
  const prefix = target.prefix === undefined ? [] : ["--prefix", target.prefix];
  return ["--url", String(target.url), ...prefix];
}
