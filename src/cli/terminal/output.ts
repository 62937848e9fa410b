/**
 * The output of a command: results to standard output, as text or as JSON; notes about them to standard error. All
 * output for a screen passes through here and is made harmless.
 */
import { styleText } from "node:util";
import { withTimes } from "./json-times.js";
import { layOut, type Column, type Part } from "./table.js";
import { jsonText, plain, plainLines } from "./terminal-text.js";

/** A stream to print to; `process.stdout` fits. */
export interface Printable {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  getColorDepth?(): number;
}

/** The width when the output is no screen, in characters: nothing is cut. */
const ENDLESS = 1_000_000;

export class Output {
  /** Print JSON for scripts instead of text for people? */
  readonly json: boolean;
  readonly #stdout: Printable;
  readonly #stderr: Printable;

  constructor(json: boolean, stdout: Printable = process.stdout, stderr: Printable = process.stderr) {
    this.json = json;
    this.#stdout = stdout;
    this.#stderr = stderr;
  }

  /** One JSON document: indented on a screen, one line elsewhere. */
  document(value: unknown): void {
    this.#stdout.write(`${jsonText(withTimes(value), this.#stdout.isTTY ? 2 : 0)}\n`);
  }

  /** One line of a stream of JSON. */
  event(value: unknown): void {
    this.#stdout.write(`${jsonText(withTimes(value))}\n`);
  }

  line(...parts: readonly Part[]): void {
    this.#stdout.write(`${render(this.#stdout, parts)}\n`);
  }

  /** Text of many lines, each behind `indent` spaces. */
  block(text: string, indent = 0): void {
    for (const line of plainLines(text)) this.line(" ".repeat(indent), line);
  }

  table(columns: readonly Column[], rows: readonly (readonly Part[])[]): void {
    const width = this.#stdout.isTTY ? (this.#stdout.columns ?? 80) : ENDLESS;
    for (const parts of layOut(columns, rows, width)) this.line(...parts);
  }

  /** Prints a note for people, beside the result. */
  note(...parts: readonly Part[]): void {
    this.#stderr.write(`${render(this.#stderr, parts)}\n`);
  }
}

/** Parts as one line for a stream: harmless, styled where the stream can show it, without trailing blanks. */
export function render(stream: Printable, parts: readonly Part[]): string {
  const coloured = stream.isTTY === true && (stream.getColorDepth?.() ?? 1) > 1;
  const texts = parts.map((part) => {
    if (typeof part === "string") return plain(part);
    const text = plain(part.text);
    return coloured ? styleText(part.style, text, { validateStream: false }) : text;
  });
  return texts.join("").trimEnd();
}
