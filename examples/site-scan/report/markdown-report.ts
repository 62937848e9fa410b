// The report as a Markdown file that a team can read and keep.

import { checks } from "../analyse/checks/registry.js";
import { printable } from "../printable.js";
import type { Report } from "./report.js";

/** `report` as a Markdown document. */
export function markdownReport(report: Report): string {
  return [
    `# Site scan: ${escape(report.title === "" ? report.url : report.title)}`,
    "",
    `${report.madeAt.slice(0, 16).replace("T", " ")} UTC · ${escape(report.url)}`,
    "",
    `**Score ${report.score} of 100**; ${count(report.pages.length, "page")}, ${count(report.findings.length, "finding")}.`,
    ...(report.unread === 0 ? [] : [`${count(report.unread, "more link")} to pages of the site were not read.`]),
    "",
    "## Findings",
    "",
    ...findings(report),
    "## Pages",
    "",
    "| page | title | words | reading ease | grade | KiB | ms | about |",
    "|---|---|--:|--:|--:|--:|--:|---|",
    ...report.pages.map(pageRow),
    "",
    ...about(report),
    "Reading ease after Flesch (1948; 60 is plain English), grade after Kincaid et al. (1975; years of school), for pages",
    "with at least 50 words of English prose. Key phrases by RAKE (Rose et al., 2010).",
    "",
  ].join("\n");
}

function findings({ findings: all }: Report): string[] {
  if (all.length === 0) return ["None.", ""];
  return checks.flatMap(({ code, rule }) => {
    const ofCheck = all.filter(({ check }) => check === code);
    if (ofCheck.length === 0) return [];
    return [
      `### ${code}`,
      "",
      escape(rule),
      "",
      ...ofCheck.map(({ severity, page, explanation }) => `- **${severity}** ${escape(page)}: ${escape(explanation)}`),
      "",
    ];
  });
}

function pageRow({ url, title, words, readability, size, elapsedMs, keyphrases }: Report["pages"][number]): string {
  const phrases = keyphrases.map(({ text }) => escape(text)).join(", ");
  const { readingEase = "–", grade = "–" } = readability ?? {};
  const kib = Math.round((size / 1_024) * 10) / 10;
  return `| ${[escape(url), escape(title), words, readingEase, grade, kib, elapsedMs, phrases].join(" | ")} |`;
}

function about({ keyphrases }: Report): string[] {
  if (keyphrases.length === 0) return [];
  const phrases = keyphrases.map(({ text, count: times }) => `- ${escape(text)} (${times})`);
  return ["## What the site is about", "", ...phrases, ""];
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Text as Markdown shows it: nothing a page says may become formatting, HTML or a table cell. */
function escape(text: string): string {
  return printable(text.replace(/\s+/g, " ")).replace(/[\\`*_{}[\]<>#|~]/g, "\\$&");
}
