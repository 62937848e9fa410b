/** The observer of an engine's commands, and what it learns of each: name, time, amount and error; never a payload. */
import type { CommandName } from "./contract/commands.js";

/** How much a command carried, there or back. What it is not about is left out. */
export interface Carried {
  /** Jobs that it handed over, named or answered. */
  readonly jobs?: number;
  /** Leases that it answered. */
  readonly leases?: number;
  readonly settlements?: number;
  /** Reports of running jobs. */
  readonly reports?: number;
  readonly events?: number;
  /** Schedules that it fired or answered. */
  readonly schedules?: number;
}

/** A command that has ended. */
export interface ObservedCommand {
  readonly command: CommandName;
  /** Did it only wait for something to happen (`awaitWork`, `awaitEvents`)? Its duration then says nothing of the engine. */
  readonly waiting: boolean;
  /** Milliseconds of the monotonic clock. */
  readonly durationMs: number;
  readonly carried: Carried;
  /** The code of the error it failed with, `"ERROR"` when that has none; `null`: it did not fail. */
  readonly error: string | null;
}

/** Receives a report of each command. */
export interface EngineObserver {
  /** Called once for every command, when it has ended and before its caller goes on. */
  ended(command: ObservedCommand): void;
}
