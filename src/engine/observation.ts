/**
 * One command under observation, from its call to its end. Whatever goes wrong in looking at it (parameters that are none, an
 * observer that throws) stays here: the caller gets what the engine answered or threw.
 */
import type { Clock } from "../model/value/clock.js";
import { isThenable } from "../model/value/thenable.js";
import type { CommandName } from "./contract/commands.js";
import type { Carried, EngineObserver, ObservedCommand } from "./observer.js";

/** What is observed, and what counts what it carries. */
export interface Observed<T> {
  readonly command: CommandName;
  readonly waiting: boolean;
  readonly sent: () => Carried;
  readonly got: (answer: T) => Carried;
}

/** The two ends of a command: each tells the observer, then hands on what it was given. */
export interface Observation<T> {
  readonly answered: (answer: T) => T;
  readonly failed: (error: unknown) => never;
}

/** Begins to observe a command that is about to be called. */
export function beginObservation<T>(
  observer: EngineObserver,
  clock: Pick<Clock, "monotonic">,
  { command, waiting, sent, got }: Observed<T>,
): Observation<T> {
  // Counted now: the caller may go on using what it handed over.
  const there = counted(sent);
  const began = clock.monotonic();
  const tell = (back: () => Carried, error: string | null): void => {
    const durationMs = clock.monotonic() - began;
    tellSafely(observer, { command, waiting, durationMs, carried: { ...there, ...counted(back) }, error });
  };
  return {
    answered: (answer) => {
      tell(() => got(answer), null);
      return answer;
    },
    failed: (error) => {
      tell(() => ({}), codeOf(error));
      throw error;
    },
  };
}

/** Parameters that are none are for the engine to refuse. */
function counted(count: () => Carried): Carried {
  try {
    return count();
  } catch {
    return {};
  }
}

function tellSafely(observer: EngineObserver, command: ObservedCommand): void {
  try {
    const answer: unknown = observer.ended(command);
    // An async function fits the type too.
    if (isThenable(answer)) Promise.resolve(answer).catch(() => {});
  } catch {
    // The observer's own trouble.
  }
}

/** What a code looks like; anything else may be text that must not be shown. */
const CODE = /^[A-Z][A-Z0-9_]{0,59}$/;

function codeOf(error: unknown): string {
  try {
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : null;
    return typeof code === "string" && CODE.test(code) ? code : "ERROR";
  } catch {
    return "ERROR";
  }
}
