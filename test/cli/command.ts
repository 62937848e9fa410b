// Runs the `longshore` command, with nothing of our environment that would tell it where the engine is: as users do, built
// and in a process of its own, where a command runs beside others or its signals, its workers or its end are the subject;
// else from its sources in this process, which takes a tenth of the time.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { report } from "../../src/cli/terminal/exit.js";
import { createProgram } from "../../src/cli/program.js";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** A module that exports the tasks of these tests. */
export const tasksFile = fileURLToPath(new URL("tasks.mjs", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The end of a command in this process. */
export interface EndedHere extends Ended {
  /** What a terminal shows: both outputs in the order in which they were written. */
  readonly printed: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to an environment without any LONGSHORE_ or REDIS_ setting. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Run it in a process group of its own, as a shell does. Default: false. */
  readonly group?: boolean;
}

/** A line of a log in JSON. */
export interface LogLine {
  time: string;
  level: string;
  message: string;
  [field: string]: unknown;
}

/** The lines of a log, as far as they are complete. */
export function linesOf(stdout: string): LogLine[] {
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogLine);
}

/** A command under way. */
export class Running {
  stdout = "";
  stderr = "";
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;

  constructor(args: readonly string[], { cwd, env = {}, input = "", group = false }: CommandOptions = {}) {
    this.child = spawn(process.execPath, [main, ...args], {
      cwd,
      env: { ...cleanEnvironment(), ...env },
      detached: group,
    });
    this.child.stdin.end(input);
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.ended = once(this.child, "close").then(([code]: unknown[]) => ({
      code: typeof code === "number" ? code : null,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
  }

  /** Resolves when standard output matches. */
  async prints(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.stdout)) {
      const [what] = await Promise.race([
        once(this.child.stdout, "data").then(() => ["data"]),
        this.ended.then(() => ["end"]),
      ]);
      if (what === "end" && !pattern.test(this.stdout)) {
        throw new Error(`ended without printing ${pattern}:\n${this.stdout}\n${this.stderr}`);
      }
    }
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Signals its process group, as a terminal does. */
  signalGroup(name: NodeJS.Signals): void {
    process.kill(-(this.child.pid ?? Number.NaN), name);
  }
}

/** Runs a command to its end, in a process of its own. */
export function longshore(args: readonly string[], options?: CommandOptions): Promise<Ended> {
  return new Running(args, options).ended;
}

let last: Promise<unknown> = Promise.resolve();

/** Runs a command to its end in this process, after those before it: they share what a process has one of. */
export function inProcess(args: readonly string[], options: CommandOptions = {}): Promise<EndedHere> {
  const ended = last.then(() => runHere(args, options));
  last = ended.catch(() => {});
  return ended;
}

async function runHere(args: readonly string[], { cwd, env = {}, input = "" }: CommandOptions): Promise<EndedHere> {
  const { exitCode, stdin, env: environment } = process;
  const folder = process.cwd();
  const said = { stdout: "", stderr: "", printed: "" };
  const capture = (name: "stdout" | "stderr") =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      said[name] += String(text);
      said.printed += String(text);
      return true;
    });
  const captured = [capture("stdout"), capture("stderr")];
  process.env = { ...cleanEnvironment(), ...env };
  process.chdir(cwd ?? folder);
  process.exitCode = undefined;
  Object.defineProperty(process, "stdin", { value: Readable.from([input]), configurable: true });
  try {
    await createProgram().parseAsync(args, { from: "user" });
    return { code: exitCodeSoFar(), ...said };
  } catch (error) {
    const code = report(error);
    return { code, ...said };
  } finally {
    for (const spy of captured) spy.mockRestore();
    process.env = environment;
    process.chdir(folder);
    process.exitCode = exitCode;
    Object.defineProperty(process, "stdin", { value: stdin, configurable: true });
  }
}

/** As the end of the process would read it. */
function exitCodeSoFar(): number {
  return Number(process.exitCode ?? 0);
}

/** A folder that only this test uses. */
export async function emptyFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-cli-`));
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => name === "LONGSHORE_TEST_RUN" || !/^(LONGSHORE|REDIS|FORCE_COLOR)/.test(name),
  );
  return Object.fromEntries(kept);
}
