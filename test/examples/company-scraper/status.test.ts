// Where a run stands, as one line and as a whole, its report, and its command line.

import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";

import { UsageError, parseArguments, usage } from "../../../examples/company-scraper/run/arguments.js";
import { assertSame } from "../../../examples/company-scraper/run/comparison.js";
import { summaryLine, terminalReport } from "../../../examples/company-scraper/run/report.js";
import type { ScrapeSummary } from "../../../examples/company-scraper/run/report.js";
import { Scraping, untouched } from "../../../examples/company-scraper/run/scraping.js";
import type { CompanyScrape } from "../../../examples/company-scraper/run/scraping.js";
import { StatusLine, statusText } from "../../../examples/company-scraper/run/status-line.js";
import type { StatusStream } from "../../../examples/company-scraper/run/status-line.js";

const [mill, dock, farm] = ["mill", "dock", "farm"].map((slug) => {
  return { slug, name: `The ${slug}`, url: `http://${slug}.example/` };
}) as [CompanyScrape["company"], CompanyScrape["company"], CompanyScrape["company"]];

function scrape(company: CompanyScrape["company"], change: Partial<CompanyScrape>): CompanyScrape {
  return { ...untouched(company), ...change };
}

describe("where a run stands", () => {
  test("is the mean over its companies, and one that has ended has nothing left to do", () => {
    const scraping = new Scraping([mill, dock, farm]);
    expect([scraping.status, scraping.progress, scraping.currentCompany]).toEqual(["idle", 0, null]);
    scraping.see(scrape(dock, { status: "running", progress: 0.3, postingsFound: 2 }));
    expect(scraping.progress).toBeCloseTo(0.1);
    scraping.see(scrape(mill, { status: "failed", progress: 0.3 }));
    scraping.see(scrape(farm, { status: "completed", progress: 1, postingsFound: 5 }));
    expect([scraping.status, scraping.postingsFound, scraping.currentCompany]).toEqual(["running", 7, dock]);
    expect(scraping.progress).toBeCloseTo(2.3 / 3);
    scraping.see(scrape(dock, { status: "completed", progress: 1, postingsFound: 2 }));
    expect([scraping.status, scraping.progress, scraping.postingsFound]).toEqual(["completed", 1, 7]);
    expect([scraping.completed, scraping.failed, scraping.ended, scraping.total]).toEqual([2, 1, 3, 3]);
  });

  test.each([
    [["completed", "failed"], "completed"],
    [["failed", "failed"], "failed"],
    [["completed", "cancelled"], "cancelled"],
    [["completed", "queued"], "running"],
  ] as const)("%j: %s", ([first, second], expected) => {
    const scraping = new Scraping([mill, dock]);
    scraping.see(scrape(mill, { status: first }));
    scraping.see(scrape(dock, { status: second }));
    expect(scraping.status).toBe(expected);
  });

  test("is said in words", () => {
    const scraping = new Scraping([mill, dock]);
    expect(statusText(scraping)).toBe("Queue processing... (0/2 complete)");
    scraping.see(scrape(dock, { status: "running" }));
    expect(statusText(scraping)).toBe("Processing: The dock (0/2 complete)");
    scraping.see(scrape(dock, { status: "failed" }));
    expect(statusText(scraping)).toBe("Queue processing... (1/2 complete)");
    scraping.see(scrape(mill, { status: "completed" }));
    expect(statusText(scraping)).toBe("Completed 1 company");
  });
});

function recorder(isTTY: boolean): { stream: StatusStream; written: string[] } {
  const written: string[] = [];
  const write = (text: string | Uint8Array): boolean => {
    written.push(String(text));
    return true;
  };
  return { stream: { write, isTTY, columns: 80 }, written };
}

describe("the status line", () => {
  test("in a log is a line whenever another company has ended", () => {
    const { stream, written } = recorder(false);
    const [line, scraping] = [new StatusLine(stream, "In parallel"), new Scraping([mill, dock])];
    for (const progress of [0.1, 0.2, 0.3]) {
      scraping.see(scrape(mill, { status: "running", progress }));
      line.update(scraping);
    }
    scraping.see(scrape(mill, { status: "completed", progress: 1, postingsFound: 3 }));
    line.update(scraping);
    line.clear();
    expect(written).toEqual([
      "In parallel   5 %  Processing: The mill (0/2 complete)  0 postings\n",
      "In parallel  50 %  Queue processing... (1/2 complete)  3 postings\n",
    ]);
  });

  test("on a terminal is redrawn in place within its width, and removed in the end", () => {
    const { stream, written } = recorder(true);
    const [line, scraping] = [
      new StatusLine(stream, "In parallel"),
      new Scraping([{ ...mill, name: "\u001b[2J".repeat(30) }]),
    ];
    scraping.see(scrape({ ...mill, name: "\u001b[2J".repeat(30) }, { status: "running", progress: 0.5 }));
    line.update(scraping);
    line.clear();
    expect(written[0]).toContain("████████████░");
    expect(written[0]).not.toContain("\u001b[2J");
    expect(stripVTControlCharacters(written[0] ?? "").trim().length).toBeLessThanOrEqual(80);
    expect(written[1]).toBe("\r\u001b[2K");
  });
});

describe("the comparison", () => {
  const completed = scrape(mill, { status: "completed" });
  const sequential = { scrapes: [completed], rows: [{ key: "a" }] };

  test("holds when the same companies were scraped and no posting is missing", () => {
    expect(() => assertSame(sequential, { ...sequential, rows: [{ key: "a" }, { key: "earlier" }] })).not.toThrow();
  });

  test("says what differs", () => {
    const failed = { ...sequential, scrapes: [scrape(mill, { status: "failed" })] };
    expect(() => assertSame(sequential, failed)).toThrow("mill failed instead of mill completed");
    expect(() => assertSame(sequential, { ...sequential, rows: [] })).toThrow("did not store a");
  });
});

describe("the report", () => {
  const stored = { inserted: 2, updated: 1, unchanged: 4 };
  const summary: ScrapeSummary = {
    engine: "sqlite",
    scrapes: [
      scrape(mill, { status: "completed", step: "persist", progress: 1, postingsFound: 7, stored }),
      scrape(dock, { status: "failed", step: "fetch", error: "HTTP status 404\u001b[2J" }),
    ],
    rows: 9,
    skills: [{ skill: "milling", postings: 3 }],
    userId: "42",
    user: {
      ...{ total: 5, completed: 4, failed: 1, inProgress: 0 },
      states: {
        blocked: 0,
        delayed: 0,
        queued: 0,
        active: 0,
        completed: 4,
        partial: 0,
        failed: 1,
        cancelled: 0,
        superseded: 0,
        expired: 0,
      },
    },
    enricher: "local text analysis",
    sequentialMs: 9_100.4,
    parallelMs: 2_000.2,
  };

  test("is one object as JSON", () => {
    expect(JSON.parse(summaryLine(summary))).toEqual({
      ...{ companies: 2, completed: 1, failed: 1, rows: 9 },
      ...{ sequentialMs: 9_100, parallelMs: 2_000, speedup: 4.5 },
    });
    expect(JSON.parse(summaryLine({ ...summary, sequentialMs: null }))).toMatchObject({
      sequentialMs: null,
      speedup: null,
    });
  });

  test("says for people what was found, what failed and what it took", () => {
    const text = stripVTControlCharacters(terminalReport(summary)).replace(/ {2,}/g, "  ");
    for (const line of [
      "2 companies on sqlite",
      "1 completed, 1 failed; 7 postings (2 new, 1 changed, 4 known), 9 in the database",
      "The mill  7  2 new",
      "The dock  fetch: HTTP status 404",
      "Most wanted, by local text analysis",
      "milling  3  ███",
      "of user 42, earlier runs included: 5; 4 completed, 1 failed, 0 in progress",
      "one after another  9.1 s",
      "in parallel  2.0 s",
      "speed-up  4.5 times",
    ]) {
      expect(text).toContain(line);
    }
    expect(terminalReport(summary)).not.toContain("\u001b[2J");
    expect(terminalReport({ ...summary, sequentialMs: null })).not.toContain("speed-up");
  });
});

describe("the command line", () => {
  test("has a default for everything", () => {
    expect(parseArguments([])).toEqual({
      ...{ companies: 24, url: "sqlite:.longshore/demo.db", store: ".longshore/company-scraper/postings.db" },
      ...{ userId: "42", concurrency: 12, enhance: true, sequential: true, workers: true, json: false, help: false },
    });
  });

  test("understands every option", () => {
    const args =
      "--companies 3 --url redis://localhost --store a.db --user u-7 --concurrency 2 --no-ai --no-sequential --no-workers --json -h";
    expect(parseArguments(args.split(" "))).toEqual({
      ...{ companies: 3, url: "redis://localhost", store: "a.db", userId: "u-7", concurrency: 2 },
      ...{ enhance: false, sequential: false, workers: false, json: true, help: true },
    });
    for (const [option] of usage.matchAll(/--[a-z-]+/g)) {
      expect(() => parseArguments([option, "1"])).not.toThrow("Unknown option");
    }
  });

  test.each([
    [["--companies", "25"], '--companies: "25" is not a whole number from 1 to 24'],
    [["--concurrency", "0"], '--concurrency: "0" is not a whole number from 1 to 100'],
    [["--user", "a b"], '--user: "a b" is not 1 to 100 letters'],
    [["--no-workers", "--url", "memory:"], "--no-workers: jobs in memory cannot be reached"],
    [["--nonsense"], "Unknown option '--nonsense'"],
    [["https://example.org/"], "Unexpected argument"],
  ])("%j is a mistake", (args, message) => {
    expect(() => parseArguments(args)).toThrow(UsageError);
    expect(() => parseArguments(args)).toThrow(message);
  });
});
