// One number for a site: 100 less what each check costs, which grows with the share of the pages it complains about.

import type { Finding, Severity } from "./finding.js";

/** What a check costs when it complains about every page. */
const cost: Readonly<Record<Severity, number>> = { high: 25, medium: 10, low: 4 };

/** 0 to 100 for a site of `pages` pages. */
export function siteScore(findings: readonly Finding[], pages: number): number {
  const affected = new Map<string, { cost: number; pages: Set<string> }>();
  for (const { check, severity, page } of findings) {
    const entry = affected.get(check) ?? { cost: 0, pages: new Set<string>() };
    entry.cost = Math.max(entry.cost, cost[severity]);
    affected.set(check, { ...entry, pages: entry.pages.add(page) });
  }
  const lost = [...affected.values()].reduce((total, check) => total + (check.cost * check.pages.size) / pages, 0);
  return Math.max(0, Math.round(100 - lost));
}
