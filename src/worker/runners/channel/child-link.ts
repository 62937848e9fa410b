/** The channel to a child, thread or process: messages in both directions, how the child is killed, and how it died. */
import { ownFile } from "../../../engine/shared/own-file.js";
import type { MalformedMessage } from "./from-child.js";
import type { FromChild, ToChild } from "./protocol.js";

/** A message of a child, or the note that one could not be read. */
export type ChildMessages = FromChild | MalformedMessage;

/** How a child ended. */
export interface Death {
  /** In words, to follow "the child": `"exited with code 1"`. */
  readonly how: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The end of its standard error. */
  readonly lastStderr: string;
  /** The uncaught error that ended it; `null` if there was none. */
  readonly error: Error | null;
  /** Did its heap reach its limit? */
  readonly heapFull: boolean;
}

export interface ChildLink {
  /** Resolves when it and everything it started are gone. Never rejects. */
  readonly gone: Promise<Death>;
  /** Called with every message of the child. */
  onMessage: (message: ChildMessages) => void;
  /** @throws DOMException (`DataCloneError`) for a value that cannot be copied */
  send(message: ToChild): void;
  /** Kills it at once, and everything it started. */
  kill(): void;
  /** The memory it uses, in bytes; `null` when that cannot be measured from outside. */
  memory(): Promise<number | null>;
}

/** The environment variable that marks a child, and with it all processes that it starts. */
export const MARK = "LONGSHORE_CHILD";

/** The file descriptor of a process's channel. */
export const WIRE = 3;

/** The path of a compiled program of the `runners` folder. @throws Bundled */
export function programFile(name: string): string {
  return ownFile(import.meta.url, `../${name}`);
}

/** Checks, before a job needs them, that the programs of children exist. @throws Bundled */
export function checkPrograms(kind: string): void {
  programFile("child/child-main.js");
  if (kind === "process") programFile("orphan-guard-main.js");
}

// Not passed on: a debugger listens on a single port, and options such as `--test` and `--eval` concern only the
// parent.
const OWN_TO_PARENT = /^--?(inspect|debug|test|eval|print|check|interactive|[epci]$|input-type|watch)/;

/** Node's options for a child process: those of this process that affect how modules are loaded and run. */
export function childOptions(): string[] {
  const options: string[] = [];
  for (const [index, option] of process.execArgv.entries()) {
    const valueOf = process.execArgv[index - 1] ?? "";
    if (!OWN_TO_PARENT.test(option) && !(OWN_TO_PARENT.test(valueOf) && !option.startsWith("-"))) options.push(option);
  }
  return options;
}
