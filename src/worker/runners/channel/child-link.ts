/** The wire to a child, whatever it is: what goes to it, what comes from it, how it is ended, and how it died. */
import { ownFile } from "../../../engine/shared/own-file.js";
import type { MalformedMessage } from "./from-child.js";
import type { FromChild, ToChild } from "./protocol.js";

/** What a child says, or that it said something of ours that cannot be read. */
export type ChildMessages = FromChild | MalformedMessage;

/** How a child ended. */
export interface Death {
  /** In words, to follow "the child": `"exited with code 1"`. */
  readonly how: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The last lines it wrote to standard error. */
  readonly lastStderr: string;
  /** What nobody caught in it. */
  readonly error: Error | null;
  /** Did its heap reach its limit? */
  readonly heapFull: boolean;
}

export interface ChildLink {
  /** Resolves when nothing of it, and nothing it started, lives any more. Never rejects. */
  readonly gone: Promise<Death>;
  /** Called with everything it says. */
  onMessage: (message: ChildMessages) => void;
  /** @throws DOMException (`DataCloneError`) for what cannot be copied */
  send(message: ToChild): void;
  /** Ends it at once, and everything it started. */
  kill(): void;
  /** The memory it uses, in bytes; `null` when that cannot be known from outside. */
  memory(): Promise<number | null>;
}

/** Marks a child's environment, and so that of all processes it starts. */
export const MARK = "LONGSHORE_CHILD";

/** The file descriptor of a process's wire. */
export const WIRE = 3;

/** Where a compiled program of this folder is. @throws Bundled */
export function programFile(name: string): string {
  return ownFile(import.meta.url, `../${name}`);
}

/** Sees to it that what runs children is there, before a job needs it. @throws Bundled */
export function checkPrograms(kind: string): void {
  programFile("child/child-main.js");
  if (kind === "process") programFile("orphan-guard-main.js");
}

// A debugger listens on one port, and the test runner and `--eval` are of the parent alone.
const OWN_TO_PARENT = /^--?(inspect|debug|test|eval|print|check|interactive|[epci]$|input-type|watch)/;

/** Node's own options for a child process: those of this one that concern how modules are loaded and run. */
export function childOptions(): string[] {
  const options: string[] = [];
  for (const [index, option] of process.execArgv.entries()) {
    const valueOf = process.execArgv[index - 1] ?? "";
    if (!OWN_TO_PARENT.test(option) && !(OWN_TO_PARENT.test(valueOf) && !option.startsWith("-"))) options.push(option);
  }
  return options;
}
