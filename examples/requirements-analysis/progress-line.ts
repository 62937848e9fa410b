// One line that says how far a run is. On a terminal it is redrawn in place; elsewhere (a log, a pipe) a plain
// line is written for each tenth of the work. It goes to standard error, so that standard output stays for results.

import type { WriteStream } from "node:tty";
import { styleText } from "node:util";

import { statusCounts } from "./status.js";
import type { StatusCounts } from "./status.js";

/** Where a run stands. */
export interface RunProgress {
  /** Jobs of which it is known how they ended. */
  done: number;
  /** All jobs of the run. */
  total: number;
  /** How many jobs have which status. */
  counts: StatusCounts;
  /** Issues counted so far, those of running jobs included. */
  issues: number;
  /** What was last heard of: a requirement, and its step in flight. */
  current: string;
  /** Milliseconds since the run began. */
  elapsedMs: number;
}

/** The part of a stream that the line needs; `process.stderr` fits. */
export type ProgressStream = Pick<NodeJS.WritableStream, "write"> & Partial<Pick<WriteStream, "isTTY" | "columns">>;

const barWidth = 24;
/** Shortest time between two redraws, in milliseconds. */
const redrawAfter = 40;

export class ProgressLine {
  readonly #stream: ProgressStream;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #tenth = -1;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  /** Shows `progress`; calls that come too soon after the last one draw nothing. */
  update(progress: RunProgress): void {
    if (this.#stream.isTTY === true) this.#redraw(progress);
    else this.#writeTenth(progress);
  }

  /** Removes the line from a terminal, so that what is printed next starts on a clean line. */
  clear(): void {
    if (this.#stream.isTTY === true) this.#stream.write("\r\u001b[2K");
  }

  #redraw(progress: RunProgress): void {
    const last = progress.done === progress.total;
    if (!last && progress.elapsedMs - this.#drawnAt < redrawAfter) return;
    this.#drawnAt = progress.elapsedMs;
    const filled = Math.round((progress.done / Math.max(1, progress.total)) * barWidth);
    const bar = styleText("green", "█".repeat(filled)) + styleText("dim", "░".repeat(barWidth - filled));
    const status = describe(progress).slice(0, Math.max(10, (this.#stream.columns ?? 80) - barWidth - 2));
    this.#stream.write(`\r\u001b[2K${bar} ${status}`);
  }

  #writeTenth(progress: RunProgress): void {
    const tenth = Math.floor((progress.done / Math.max(1, progress.total)) * 10);
    if (tenth === this.#tenth) return;
    this.#tenth = tenth;
    this.#stream.write(`${describe(progress)}\n`);
  }
}

function describe({ done, total, counts, issues, current, elapsedMs }: RunProgress): string {
  const percent = Math.floor((done / Math.max(1, total)) * 100);
  const rate = elapsedMs > 0 ? Math.round((done / elapsedMs) * 1000) : 0;
  const tail = current === "" ? "" : `  ${current}`;
  return `${percent} %  ${statusCounts(counts).join(", ")}  ${issues} issues  ${rate} jobs/s${tail}`;
}
