// The summary of a run for a terminal: totals, a bar for each analyser, the worst requirements and the timing.

import { styleText } from "node:util";

import { milliseconds } from "./report.js";
import type { RatedRequirement, Summary } from "./report.js";
import { statusCounts } from "./status.js";

const barWidth = 30;

/** `summary` as lines of text; styled where the terminal supports it. */
export function terminalReport(summary: Summary, width = 100): string {
  return [
    heading(`${summary.jobs} requirements from ${summary.source}, analysed on ${summary.engine}`),
    totals(summary),
    "",
    heading("Issues per analyser"),
    ...perAnalyser(summary),
    "",
    heading("Worst requirements"),
    ...summary.worst.map((requirement) => worstLine(requirement, width)),
    ...unread(summary),
    ...failures(summary),
    "",
    heading("Timing"),
    timing(summary),
  ].join("\n");
}

function heading(text: string): string {
  return styleText("bold", text);
}

function totals({ counts, resumed, issues, clean, earlier }: Summary): string {
  const parts = statusCounts(counts);
  if (resumed > 0) parts.push(`${resumed} of them finished before this run was interrupted`);
  const said = `${parts.join(", ")}; ${issues} issues, ${clean} requirements without any`;
  if (earlier.jobs === 0) return said;
  return `${said}\nThe run before: ${earlier.jobs} jobs Superseded, ${earlier.issues} issues with them`;
}

function perAnalyser({ perAnalyser: totalsPerAnalyser }: Summary): string[] {
  const most = Math.max(1, ...totalsPerAnalyser.map(({ issues }) => issues));
  return totalsPerAnalyser.map(({ analyser, issues }) => {
    const bar = "█".repeat(Math.ceil((issues / most) * barWidth));
    return `  ${analyser.code}  ${analyser.title.padEnd(22)} ${String(issues).padStart(5)}  ${styleText("cyan", bar)}`;
  });
}

function worstLine({ id, score, text, findings }: RatedRequirement, width: number): string {
  const codes = [...new Set(findings.map(({ analyser }) => analyser))].join(" ");
  const start = `  ${String(score).padStart(3)}  ${id}  `;
  const room = Math.max(20, width - start.length - codes.length - 2);
  const shown = text.length > room ? `${text.slice(0, room - 1)}…` : text;
  return `${start}${shown}  ${styleText("yellow", codes)}`;
}

function unread({ unread: requirements }: Summary): string[] {
  if (requirements.length === 0) return [];
  const lines = requirements.map(
    ({ id, analysers, reason }) => `  ${id}  ${styleText("yellow", analysers.join(" "))}  ${reason}`,
  );
  return ["", heading("Partial: what an analyser could not read"), ...lines];
}

function failures({ failures: failed }: Summary): string[] {
  if (failed.length === 0) return [];
  return ["", heading("Failed"), ...failed.map(({ id, error }) => `  ${id}  ${styleText("red", error)}`)];
}

function timing({ wallMs, jobsPerSecond, concurrency, wait, run }: Summary): string {
  return [
    `  ${milliseconds(wallMs)} in all, ${jobsPerSecond} jobs/s with ${concurrency} worker slots`,
    `  wait  p50 ${milliseconds(wait.p50)}  p95 ${milliseconds(wait.p95)}`,
    `  run   p50 ${milliseconds(run.p50)}  p95 ${milliseconds(run.p95)}`,
  ].join("\n");
}
