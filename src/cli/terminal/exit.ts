/**
 * The end of a command: the exit codes scripts can rely on, the errors of the command line itself, the one line that a
 * mistake leaves on standard error, and the signals that ask for the end. Stacks are for LONGSHORE_DEBUG=1.
 */
import { inspect } from "node:util";
import { CommanderError } from "commander";
import { LongshoreError } from "../../model/errors/errors.js";
import { plain, plainLines } from "./terminal-text.js";

/** The exit codes. */
export const ExitCode = { ok: 0, failed: 1, usage: 2, notFound: 3, refused: 4 } as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The exit codes in words, for `--help`. */
export const EXIT_CODES_HELP = `Exit codes:
  0  done
  1  failed: the engine cannot be used, or the job that was waited for did not end well
  2  wrong usage or input
  3  not found
  4  refused: no confirmation, or the job is in the wrong state`;

/** A command line that cannot be understood or carried out as it is written. */
export class UsageError extends LongshoreError {
  constructor(message: string, options?: ErrorOptions) {
    super("USAGE", message, options);
  }
}

/** The named thing does not exist. */
export class NotFound extends LongshoreError {
  constructor(message: string) {
    super("NOT_FOUND", message);
  }
}

/** Not done, for lack of a confirmation. */
export class Refused extends LongshoreError {
  constructor(message: string) {
    super("REFUSED", message);
  }
}

const codes: Readonly<Record<string, ExitCode>> = {
  USAGE: ExitCode.usage,
  INVALID_INPUT: ExitCode.usage,
  PAYLOAD_TOO_LARGE: ExitCode.usage,
  NOT_FOUND: ExitCode.notFound,
  JOB_NOT_FOUND: ExitCode.notFound,
  QUEUE_NOT_FOUND: ExitCode.notFound,
  SCHEDULE_NOT_FOUND: ExitCode.notFound,
  WORKER_NOT_FOUND: ExitCode.notFound,
  FAILURE_GROUP_NOT_FOUND: ExitCode.notFound,
  REFUSED: ExitCode.refused,
  TOO_MANY_SCHEDULES: ExitCode.refused,
  SCHEDULE_BUSY: ExitCode.refused,
  WRONG_STATE: ExitCode.refused,
  UNIQUE_CONFLICT: ExitCode.refused,
};

/** The exit code of an error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  if (error instanceof LongshoreError) return codes[error.code] ?? ExitCode.failed;
  return ExitCode.failed;
}

/** The longest message that is shown, in characters. */
const LONGEST_MESSAGE = 4_000;

/** An error in one line. */
export function messageOf(error: unknown): string {
  return plain(error instanceof Error ? error.message : String(error), LONGEST_MESSAGE);
}

/** Does `LONGSHORE_DEBUG` ask for more output? */
export function isDebugging({ LONGSHORE_DEBUG: value = "" }: NodeJS.ProcessEnv): boolean {
  return value !== "" && value !== "0";
}

/** Prints an error to standard error, and returns the exit code. */
export function report(error: unknown): ExitCode {
  // Commander has already printed its own errors.
  if (!(error instanceof CommanderError)) {
    process.stderr.write(`error: ${messageOf(error)}\n`);
    if (isDebugging(process.env) && error instanceof Error) {
      for (const line of plainLines(inspect(error))) process.stderr.write(`  ${line}\n`);
    }
  }
  return exitCodeOf(error);
}

/** Signals closer together than this (milliseconds) are one: npm and the terminal may both pass on a Ctrl-C. */
const ECHO = 300;

const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;
/** SIGHUP tells that the terminal is closed; Node obeys it also under `nohup`. */
export const STOP_OR_HANG_UP = [...STOP_SIGNALS, "SIGHUP"] as const;

/** Calls `obey` for each SIGTERM and SIGINT (Ctrl-C), or these signals, echoes left out. The returned function removes the listeners. */
export function onStopSignals(
  obey: (signal: NodeJS.Signals) => void,
  signals: readonly NodeJS.Signals[] = STOP_SIGNALS,
): () => void {
  let last = Number.NEGATIVE_INFINITY;
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (now - last < ECHO) return;
    last = now;
    obey(signal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}
