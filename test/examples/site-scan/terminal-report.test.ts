// What the program prints when all scans have ended.

import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";

import { reportNames } from "../../../examples/site-scan/report-folder.js";
import { outcomeLine } from "../../../examples/site-scan/scan-outcome.js";
import type { ScanOutcome } from "../../../examples/site-scan/scan-outcome.js";
import { terminalReport } from "../../../examples/site-scan/terminal-report.js";

const scanned: ScanOutcome = {
  url: "https://example.org/",
  status: "FULL_READY",
  attempts: 2,
  stepMs: { crawl: 120, parse: 30 },
  report: {
    title: "Example \u001b[2J",
    score: 96,
    pages: 1,
    findings: 4,
    worst: [
      { check: "links", severity: "high", page: "https://example.org/", explanation: "A link leads to no page." },
    ],
    file: "scan-reports/example.org.md",
  },
  error: undefined,
};
const refused: ScanOutcome = {
  url: "http://127.0.0.1/",
  status: "ERROR_VALIDATION",
  attempts: 1,
  stepMs: {},
  report: undefined,
  error: 'url: "http://127.0.0.1/" is not allowed: a public host',
};

test("each site has its score, its times, its worst findings and its report", () => {
  const text = terminalReport([scanned, refused]);
  expect(text).not.toContain("\u001b[2J");
  expect(stripVTControlCharacters(text).split("\n")).toEqual([
    "Example \\u001b[2J  https://example.org/  score 96 of 100",
    "  1 page, 4 findings; crawl 120 ms, parse 30 ms, 2 attempts",
    "  high    links          A link leads to no page.",
    "  Report: scan-reports/example.org.md",
    "",
    "http://127.0.0.1/  ERROR_VALIDATION",
    '  url: "http://127.0.0.1/" is not allowed: a public host',
  ]);
});

test("as JSON each site is one line", () => {
  expect(JSON.parse(outcomeLine(scanned))).toEqual({
    url: "https://example.org/",
    status: "FULL_READY",
    score: 96,
    pages: 1,
    findings: 4,
    attempts: 2,
    stepMs: { crawl: 120, parse: 30 },
    report: "scan-reports/example.org.md",
  });
  expect(JSON.parse(outcomeLine(refused))).toEqual({
    url: "http://127.0.0.1/",
    status: "ERROR_VALIDATION",
    attempts: 1,
    stepMs: {},
    error: refused.error,
  });
});

test("reports are named after their hosts, and never lead out of their folder", () => {
  const urls = [
    "https://a.example/x",
    "https://a.example/y",
    "http://[::1]:8080/",
    "nonsense",
    "http://../",
    "http://...",
  ];
  expect(reportNames(urls)).toEqual(["a.example", "a.example-2", "1-8080", "site", "site-2", "site-3"]);
});
