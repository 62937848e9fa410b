// The summary of a run as a Markdown file that a team can read and keep: what was analysed, every rule with its
// count, the ten worst requirements with the words in question, and the timing.

import { milliseconds } from "./report.js";
import type { RatedRequirement, Summary } from "./report.js";
import { words } from "./status.js";

/** `summary` as a Markdown document. */
export function markdownReport(summary: Summary): string {
  return [
    "# Requirements analysis",
    "",
    `${summary.startedAt.toISOString().slice(0, 16).replace("T", " ")} UTC · ${escape(summary.source)} · ` +
      `Longshore on the ${summary.engine} engine, ${summary.concurrency} worker slots`,
    "",
    ...totals(summary),
    "",
    "## Issues per analyser",
    "",
    ...perAnalyser(summary),
    "",
    ...worst(summary),
    ...unread(summary),
    ...failures(summary),
    "## Timing",
    "",
    ...timing(summary),
    "",
  ].join("\n");
}

function totals({ jobs, counts, resumed, issues, affected, clean, earlier }: Summary): string[] {
  const ends = words.names.filter((status) => status !== "queued" && status !== "running");
  return [
    `| requirements | ${ends.join(" | ")} | issues | with issues | without issues |`,
    `|--:|${ends.map(() => "--:|").join("")}--:|--:|--:|`,
    `| ${jobs} | ${ends.map((status) => counts[status] ?? 0).join(" | ")} | ${issues} | ${affected} | ${clean} |`,
    ...(resumed === 0 ? [] : ["", `${resumed} jobs were finished before this run was interrupted.`]),
    ...(earlier.jobs === 0
      ? []
      : ["", `Of the run before, ${earlier.jobs} jobs are superseded and ${earlier.issues} issues with them.`]),
  ];
}

function perAnalyser({ perAnalyser: totalsPerAnalyser }: Summary): string[] {
  return [
    "| code | analyser | issues | requirements | the rule |",
    "|---|---|--:|--:|---|",
    ...totalsPerAnalyser.map(
      ({ analyser, issues, requirements }) =>
        `| ${analyser.code} | ${analyser.title} | ${issues} | ${requirements} | ${escape(analyser.rule)} |`,
    ),
  ];
}

function worst({ worst: requirements }: Summary): string[] {
  if (requirements.length === 0) return ["No requirement has an issue.", ""];
  return [
    `## The ${requirements.length} worst requirements`,
    "",
    "The score adds 5 for a high, 2 for a medium and 1 for a low issue.",
    "",
    ...requirements.flatMap(worstSection),
  ];
}

function worstSection({ id, score, text, findings }: RatedRequirement, index: number): string[] {
  return [
    `### ${index + 1}. ${escape(id)} (score ${score})`,
    "",
    `> ${escape(text)}`,
    "",
    ...findings.map(({ analyser, severity, quote, explanation }) => {
      const cited = quote === text || explanation.startsWith(`“${quote}”`) ? "" : `“${escape(shorten(quote))}”: `;
      return `- **${analyser}** ${severity}: ${cited}${escape(explanation)}`;
    }),
    "",
  ];
}

function unread({ unread: requirements }: Summary): string[] {
  if (requirements.length === 0) return [];
  return [
    "## Partial",
    "",
    "Analysers that could not read a requirement; what the others found counts.",
    "",
    "| requirement | not read by | because |",
    "|---|---|---|",
    ...requirements.map(
      ({ id, analysers, reason }) => `| ${escape(id)} | ${analysers.join(" ")} | ${escape(reason)} |`,
    ),
    "",
  ];
}

function failures({ failures: failed }: Summary): string[] {
  if (failed.length === 0) return [];
  return ["## Failed", "", ...failed.map(({ id, error }) => `- ${escape(id)}: ${escape(error)}`), ""];
}

function timing({ wallMs, jobsPerSecond, wait, run }: Summary): string[] {
  return [
    `${milliseconds(wallMs)} in all, ${jobsPerSecond} jobs a second.`,
    "",
    "| | p50 | p95 |",
    "|---|--:|--:|",
    `| wait (enqueue to start) | ${milliseconds(wait.p50)} | ${milliseconds(wait.p95)} |`,
    `| run (start to end) | ${milliseconds(run.p50)} | ${milliseconds(run.p95)} |`,
  ];
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Text as Markdown shows it: nothing in a requirement may become formatting, HTML or a table cell. */
function escape(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|~]/g, "\\$&").replace(/\s+/g, " ");
}
