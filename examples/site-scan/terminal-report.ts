// The summary of a run for a terminal: for each site its score, its worst findings and where the report is.

import { styleText } from "node:util";

import type { Severity } from "./analyse/finding.js";
import { printable } from "./printable.js";
import { count } from "./report/markdown-report.js";
import type { ScanOutcome, ScanReport } from "./scan-outcome.js";

const colours: Readonly<Record<Severity, "red" | "yellow" | "dim">> = { high: "red", medium: "yellow", low: "dim" };

/** `outcomes` as lines of text; styled where the terminal supports it. */
export function terminalReport(outcomes: readonly ScanOutcome[]): string {
  return outcomes.map((outcome) => scanLines(outcome).join("\n")).join("\n\n");
}

function scanLines(outcome: ScanOutcome): string[] {
  const { url, status, report, error } = outcome;
  if (report === undefined) {
    return [`${heading(url)}  ${styleText("red", status)}`, ...(error === undefined ? [] : [`  ${printable(error)}`])];
  }
  return [
    `${heading(report.title === "" ? url : report.title)}  ${printable(url)}  ${scoreText(report.score)}`,
    `  ${count(report.pages, "page")}, ${count(report.findings, "finding")}; ${stepTimes(outcome)}`,
    ...worstLines(report),
    `  Report: ${report.file}`,
  ];
}

function worstLines({ worst }: ScanReport): string[] {
  return worst.map(({ severity, check, explanation }) => {
    return `  ${styleText(colours[severity], severity.padEnd(6))}  ${check.padEnd(13)}  ${printable(explanation)}`;
  });
}

function scoreText(score: number): string {
  return styleText(score >= 80 ? "green" : score >= 50 ? "yellow" : "red", `score ${score} of 100`);
}

function stepTimes({ stepMs, attempts }: ScanOutcome): string {
  const times = Object.entries(stepMs).map(([name, ms]) => `${name} ${Math.round(ms)} ms`);
  return [...times, ...(attempts > 1 ? [`${attempts} attempts`] : [])].join(", ");
}

function heading(text: string): string {
  return styleText("bold", printable(text));
}
