// What a scan reports: the teaser, and the report for people.

import { expect, test } from "vitest";

import type { Finding } from "../../../examples/site-scan/analyse/finding.js";
import { markdownReport } from "../../../examples/site-scan/report/markdown-report.js";
import { reportOf } from "../../../examples/site-scan/report/report.js";
import { teaserOf } from "../../../examples/site-scan/report/teaser.js";

const start = "https://example.org/";
const finding = (check: string, page = start): Finding => ({
  check,
  severity: "high",
  page,
  explanation: `About ${check}.`,
});

const analysis = {
  pages: [
    {
      url: start,
      title: "A <b>page</b> | *site*",
      words: 120,
      size: 2_048,
      elapsedMs: 12,
      readability: { sentences: 5, words: 100, syllables: 130, readingEase: 61.2, grade: 7.5 },
      keyphrases: [{ text: "background job", count: 3, score: 8 }],
    },
  ],
  keyphrases: [{ text: "background job", count: 3, score: 8 }],
  findings: [
    finding("title"),
    finding("title", `${start}a`),
    finding("links"),
    finding("anchors"),
    finding("language"),
  ],
  score: 42,
};
const crawl = { start, pages: [], unreachable: [], unread: 2 };
const madeAt = new Date("2026-03-04T05:06:07Z");

test("the teaser has the title, the score and three findings, each of another check", () => {
  const { title, score, findings } = teaserOf(analysis);
  expect({ title, score }).toEqual({ title: "A <b>page</b> | *site*", score: 42 });
  expect(findings.map(({ check }) => check)).toEqual(["title", "links", "anchors"]);
});

test("a site without findings has a teaser too", () => {
  expect(teaserOf({ ...analysis, pages: [], findings: [], score: 100 })).toEqual({
    title: "",
    score: 100,
    findings: [],
  });
});

test("the report has everything, under the address the scan began at", () => {
  expect(reportOf(crawl, analysis, madeAt)).toEqual({
    ...analysis,
    url: start,
    title: "A <b>page</b> | *site*",
    madeAt: "2026-03-04T05:06:07.000Z",
    unreachable: [],
    unread: 2,
  });
});

test("as Markdown it lists findings by check, pages and key phrases", () => {
  const text = markdownReport(reportOf(crawl, analysis, madeAt));
  expect(text).toContain("2026-03-04 05:06 UTC · https://example.org/");
  expect(text).toContain("**Score 42 of 100**; 1 page, 5 findings.\n2 more links to pages of the site were not read.");
  expect(text.match(/^### .*$/gm)).toEqual(["### title", "### language", "### links", "### anchors"]);
  expect(text).toContain("- **high** https://example.org/a: About title.");
  expect(text).toContain("| 120 | 61.2 | 7.5 | 2 | 12 | background job |");
  expect(text).toContain("- background job (3)");
});

test("nothing that a page says becomes formatting", () => {
  const text = markdownReport(reportOf(crawl, analysis, madeAt));
  expect(text).toContain("# Site scan: A \\<b\\>page\\</b\\> \\| \\*site\\*\n");
  expect(text).not.toContain("<b>");
});

test("a site without findings says so", () => {
  expect(markdownReport(reportOf(crawl, { ...analysis, findings: [] }, madeAt))).toContain("## Findings\n\nNone.\n");
});
