// One line that says how far a run is. On a terminal it is redrawn in place; elsewhere (a log, a pipe) a line is written
// whenever another company has ended. It goes to standard error, so that standard output stays for results.

import type { WriteStream } from "node:tty";
import { styleText } from "node:util";

import { printable } from "../../site-scan/printable.js";
import type { Scraping } from "./scraping.js";

/** The part of a stream that the line needs; `process.stderr` fits. */
export type StatusStream = Pick<NodeJS.WritableStream, "write"> & Partial<Pick<WriteStream, "isTTY" | "columns">>;

const barWidth = 24;

export class StatusLine {
  readonly #stream: StatusStream;
  readonly #label: string;
  #ended = -1;

  /** `label` is what is going on: `One after another`. */
  constructor(stream: StatusStream, label: string) {
    this.#stream = stream;
    this.#label = label;
  }

  update(scraping: Scraping): void {
    if (this.#stream.isTTY === true) {
      const filled = Math.round(scraping.progress * barWidth);
      const bar = styleText("green", "█".repeat(filled)) + styleText("dim", "░".repeat(barWidth - filled));
      const room = Math.max(10, (this.#stream.columns ?? 80) - barWidth - 2);
      this.#stream.write(`\r\u001b[2K${bar} ${this.#text(scraping).slice(0, room)}`);
    } else if (scraping.ended !== this.#ended) {
      this.#ended = scraping.ended;
      this.#stream.write(`${this.#text(scraping)}\n`);
    }
  }

  /** Removes the line from a terminal, so that what is printed next starts on a clean line. */
  clear(): void {
    if (this.#stream.isTTY === true) this.#stream.write("\r\u001b[2K");
  }

  #text(scraping: Scraping): string {
    const percent = `${Math.floor(scraping.progress * 100)} %`.padStart(5);
    return `${this.#label} ${percent}  ${statusText(scraping)}  ${scraping.postingsFound} postings`;
  }
}

/** What is going on: which company is worked on, how many are done, or that all are. */
export function statusText(scraping: Scraping): string {
  const { completed, currentCompany, ended, total } = scraping;
  if (ended === total) return `Completed ${completed} ${completed === 1 ? "company" : "companies"}`;
  if (currentCompany !== null) return `Processing: ${printable(currentCompany.name)} (${ended}/${total} complete)`;
  return `Queue processing... (${ended}/${total} complete)`;
}
