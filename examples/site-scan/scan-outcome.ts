// How one scan ended, and the line that `--json` prints about it.

import type { Finding } from "./analyse/finding.js";

export interface ScanOutcome {
  url: string;
  /** In the words of `scan-status.ts`. */
  status: string;
  /** Attempts that were made. */
  attempts: number;
  /** Milliseconds of each step in all attempts, by name, in order; a step that did not end is missing. */
  stepMs: Readonly<Record<string, number>>;
  /** Undefined when the scan failed. */
  report: ScanReport | undefined;
  /** Why it failed. */
  error: string | undefined;
}

export interface ScanReport {
  title: string;
  /** 0 to 100. */
  score: number;
  pages: number;
  findings: number;
  /** The worst findings. */
  worst: readonly Finding[];
  /** Path of the Markdown report; beside it is one in JSON. */
  file: string;
}

/** `outcome` as one line of JSON. */
export function outcomeLine({ url, status, attempts, stepMs, report, error }: ScanOutcome): string {
  const { score, pages, findings, file } = report ?? {};
  return JSON.stringify({ url, status, score, pages, findings, attempts, stepMs, report: file, error });
}
