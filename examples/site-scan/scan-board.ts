// The live view of a run: one line for each scan with its status, step and percent. On a terminal the lines are redrawn
// in place; elsewhere (a log, a pipe) a line is written when a scan's status or step changes. It goes to standard error,
// so that standard output stays for results.

import type { WriteStream } from "node:tty";
import { styleText } from "node:util";

import { printable } from "./printable.js";

/** Where a scan stands. */
export interface ScanRow {
  url: string;
  /** In the words of `scan-status.ts`, e.g. `RUNNING`. */
  status: string;
  /** e.g. `CRAWL`; null unless the scan is running. */
  step: string | null;
  /** 0 to 100. */
  percent: number;
  /** What it does right now, or why it waits. */
  message: string;
  /** It will not change any more. */
  isDone: boolean;
}

/** The part of a stream that the board needs; `process.stderr` fits. */
export type BoardStream = Pick<NodeJS.WritableStream, "write"> &
  Partial<Pick<WriteStream, "isTTY" | "columns" | "rows">>;

const barWidth = 16;

export class ScanBoard {
  readonly #stream: BoardStream;
  readonly #rows = new Map<string, ScanRow>();
  /** Lines on the terminal that the next drawing replaces. */
  #drawn = 0;

  constructor(stream: BoardStream) {
    this.#stream = stream;
  }

  /** Shows `row` as the scan `id`. */
  update(id: string, row: ScanRow): void {
    const before = this.#rows.get(id);
    this.#rows.set(id, row);
    if (this.#stream.isTTY === true) this.#redraw();
    else if (isNews(before, row)) this.#stream.write(`${plainLine(row)}\n`);
  }

  /** Removes the lines from a terminal, so that what is printed next starts on a clean line. */
  clear(): void {
    if (this.#stream.isTTY === true) this.#stream.write(this.#erasure());
    this.#drawn = 0;
  }

  #redraw(): void {
    const width = this.#stream.columns ?? 80;
    const room = Math.max(1, (this.#stream.rows ?? 24) - 2);
    const rows = [...this.#rows.values()];
    // With more scans than lines, those that still change are the ones to see.
    const shown = rows.length <= room ? rows : rows.filter(({ isDone }) => !isDone).slice(0, room - 1);
    const lines = shown.map((row) => boardLine(row, width));
    if (shown.length < rows.length) {
      const done = rows.filter(({ isDone }) => isDone).length;
      lines.push(`${done} of ${rows.length} scans done`.slice(0, width));
    }
    this.#stream.write(`${this.#erasure()}${lines.map((line) => `${line}\n`).join("")}`);
    this.#drawn = lines.length;
  }

  #erasure(): string {
    return this.#drawn === 0 ? "" : `\u001b[${this.#drawn}A\u001b[0J`;
  }
}

/** Between two steps a scan has none, which is not worth a line. */
function isNews(before: ScanRow | undefined, { status, step, isDone }: ScanRow): boolean {
  if (before?.status === status) return step !== null && step !== before.step;
  return status !== "RUNNING" || step !== null || isDone;
}

function boardLine(row: ScanRow, width: number): string {
  const filled = Math.round((row.percent / 100) * barWidth);
  const bar = styleText("green", "█".repeat(filled)) + styleText("dim", "░".repeat(barWidth - filled));
  const percent = `${Math.floor(row.percent)} %`.padStart(5);
  return `${bar} ${percent} ${describe(row).slice(0, Math.max(10, width - barWidth - 8))}`;
}

function plainLine(row: ScanRow): string {
  return `${Math.floor(row.percent)} % ${describe(row)}`;
}

function describe({ url, status, step, message }: ScanRow): string {
  const words = [status.padEnd(16), ...(step === null ? [] : [step.padEnd(8)]), url, message];
  return printable(words.filter((word) => word !== "").join("  "));
}
