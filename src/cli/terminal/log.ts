/**
 * A log of lines: text for people on a terminal, JSON lines for programs that collect logs. Errors of handlers and of engines quote
 * what they were given, so every line loses its secrets, whichever part writes it.
 */
import { redactSaid } from "../../model/redaction/redact.js";
import { cutText } from "../../model/text.js";
import { render, type Printable } from "./output.js";
import { paint, type Part, type Style } from "./table.js";
import { jsonText, plainLines } from "./terminal-text.js";
import { moment, span } from "./time-text.js";

export type LogFormat = "text" | "json";
export type LogLevel = "info" | "warn" | "error";

/** The fields of a line beside its message. `job` and `error` have fixed places in text. */
export interface LogFields {
  readonly job?: string;
  readonly error?: LoggedError;
  readonly [name: string]: unknown;
}

/** An error as it is logged. */
export interface LoggedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
}

/** The longest message or field of a line, and the longest stack, in characters. */
const LONGEST_TEXT = 2_300;
const LONGEST_STACK = 4_000;

const styles: Readonly<Record<LogLevel, Style>> = { info: "green", warn: "yellow", error: "red" };

export class Log {
  readonly #format: LogFormat;
  /** Leave out all but warnings and errors? */
  readonly #quiet: boolean;
  readonly #about: LogFields;
  readonly #stream: Printable;

  /** @param about fields of every line */
  constructor(format: LogFormat, quiet: boolean, about: LogFields = {}, stream: Printable = process.stdout) {
    this.#format = format;
    this.#quiet = quiet;
    this.#about = about;
    this.#stream = stream;
  }

  write(level: LogLevel, said: string, about: LogFields = {}): void {
    if (this.#quiet && level === "info") return;
    const now = Date.now();
    const { message, fields } = redactSaid({ message: said, fields: about });
    if (this.#format === "json") {
      this.#stream.write(
        `${jsonText({ time: new Date(now).toISOString(), level, message, ...this.#about, ...fields })}\n`,
      );
    } else {
      this.#text(now, level, message, { ...fields, ...this.#about });
    }
  }

  #text(now: number, level: LogLevel, message: string, { job, error, ...others }: LogFields): void {
    const parts: Part[] = [paint("dim", moment(now)), " ", paint(styles[level], level.toUpperCase().padEnd(5)), " "];
    if (job !== undefined) parts.push(paint("cyan", `[${job}]`), " ");
    parts.push(cutText(error === undefined ? message : `${message}: ${error.name}: ${error.message}`, LONGEST_TEXT));
    for (const [name, value] of Object.entries(others)) {
      const isTime = name.endsWith("Ms") && typeof value === "number";
      parts.push(
        "  ",
        paint("dim", `${isTime ? name.slice(0, -2) : name}=`),
        isTime ? span(value) : cutText(textOf(value), LONGEST_TEXT),
      );
    }
    this.#stream.write(`${render(this.#stream, parts)}\n`);
    for (const frame of framesOf(error?.stack ?? "")) {
      this.#stream.write(`${render(this.#stream, [paint("dim", `    ${frame}`)])}\n`);
    }
  }
}

/**
 * The frames of a stack, after the message, which is printed already: the message may have lines of its own that look
 * like log lines.
 */
function framesOf(stack: string): string[] {
  const [, ...lines] = plainLines(cutText(stack, LONGEST_STACK)).map((line) => line.trim());
  const first = lines.findIndex((line) => line.startsWith("at "));
  return first === -1 ? lines : lines.slice(first);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "string" ? value : JSON.stringify(value);
}
