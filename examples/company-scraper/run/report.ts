// What a run came to, for a terminal or as one line of JSON.

import { styleText } from "node:util";

import type { TagTotals } from "longshore";

import { printable } from "../../site-scan/printable.js";
import type { CompanyScrape } from "./scraping.js";

export interface ScrapeSummary {
  engine: string;
  scrapes: readonly CompanyScrape[];
  /** Postings in the database of the companies of this run. */
  rows: number;
  /** The skills that most of these ask for. */
  skills: readonly { skill: string; postings: number }[];
  userId: string;
  user: TagTotals;
  /** The enricher of the postings; null when there was none. */
  enricher: string | null;
  /** Milliseconds of the same work one company after another; null when that was left out. */
  sequentialMs: number | null;
  parallelMs: number;
}

/** `summary` as one line of JSON. */
export function summaryLine(summary: ScrapeSummary): string {
  const { scrapes, rows, sequentialMs, parallelMs } = summary;
  return JSON.stringify({
    companies: scrapes.length,
    completed: counted(scrapes, "completed"),
    failed: counted(scrapes, "failed"),
    rows,
    sequentialMs: sequentialMs === null ? null : Math.round(sequentialMs),
    parallelMs: Math.round(parallelMs),
    speedup: speedup(summary),
  });
}

/** `summary` as lines of text; styled where the terminal supports it. */
export function terminalReport(summary: ScrapeSummary): string {
  const { scrapes, engine, skills } = summary;
  const failed = scrapes.filter(({ status }) => status === "failed");
  const ended = (["completed", "failed", "cancelled"] as const)
    .map((status) => ({ status, companies: counted(scrapes, status) }))
    .filter(({ companies }) => companies > 0);
  return [
    heading(`${scrapes.length} companies on ${engine}`),
    `  ${ended.map(({ status, companies }) => `${companies} ${status}`).join(", ")}; ${storedText(summary)}`,
    ...section("Postings per company", scrapes.filter(({ status }) => status === "completed").map(companyLine)),
    ...section(
      "Failed",
      failed.map(({ company, step, error }) => {
        return `  ${company.name.padEnd(nameWidth)}  ${step}: ${styleText("red", printable(error ?? ""))}`;
      }),
    ),
    ...section(
      `Most wanted, by ${summary.enricher ?? "an earlier run"}`,
      skills.map(({ skill, postings }) => {
        return `  ${skill.padEnd(nameWidth)}  ${String(postings).padStart(4)}  ${styleText("cyan", "█".repeat(postings))}`;
      }),
    ),
    ...section("Jobs", [userText(summary)]),
    ...section("Timing", timing(summary)),
  ].join("\n");
}

/** How many times as fast the jobs were; null without a comparison. */
export function speedup({ sequentialMs, parallelMs }: ScrapeSummary): number | null {
  return sequentialMs === null ? null : Math.round((sequentialMs / parallelMs) * 10) / 10;
}

const nameWidth = 30;

function counted(scrapes: readonly CompanyScrape[], status: CompanyScrape["status"]): number {
  return scrapes.filter((scrape) => scrape.status === status).length;
}

function heading(text: string): string {
  return styleText("bold", text);
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", heading(title), ...lines];
}

function storedText({ scrapes, rows }: ScrapeSummary): string {
  const sum = (part: "inserted" | "updated" | "unchanged"): number =>
    scrapes.reduce((total, { stored }) => total + (stored?.[part] ?? 0), 0);
  const found = scrapes.reduce((total, { postingsFound }) => total + postingsFound, 0);
  const became = `${sum("inserted")} new, ${sum("updated")} changed, ${sum("unchanged")} known`;
  return `${found} postings (${became}), ${rows} in the database`;
}

function companyLine({ company, postingsFound, stored }: CompanyScrape): string {
  const news = stored === null || stored.inserted === 0 ? "" : `  ${stored.inserted} new`;
  return `  ${company.name.padEnd(nameWidth)}  ${String(postingsFound).padStart(4)}${news}`;
}

function userText({ user, userId }: ScrapeSummary): string {
  const { total, completed, failed, inProgress } = user;
  return `  of user ${userId}, earlier runs included: ${total}; ${completed} completed, ${failed} failed, ${inProgress} in progress`;
}

function timing(summary: ScrapeSummary): string[] {
  const { sequentialMs, parallelMs } = summary;
  const parallel = `  in parallel        ${seconds(parallelMs)}`;
  if (sequentialMs === null) return [parallel];
  return [`  one after another  ${seconds(sequentialMs)}`, parallel, `  speed-up           ${speedup(summary)} times`];
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
