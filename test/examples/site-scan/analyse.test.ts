// Readability, key phrases and the checks.

import { describe, expect, test } from "vitest";

import { analyseSite } from "../../../examples/site-scan/analyse/analyse.js";
import { checks } from "../../../examples/site-scan/analyse/checks/registry.js";
import { readEnglish } from "../../../examples/site-scan/analyse/english.js";
import type { Finding } from "../../../examples/site-scan/analyse/finding.js";
import { keyphrases } from "../../../examples/site-scan/analyse/keyphrases.js";
import { readability } from "../../../examples/site-scan/analyse/readability.js";
import { siteScore } from "../../../examples/site-scan/analyse/score.js";
import type { Crawl } from "../../../examples/site-scan/crawl/crawl.js";
import { parsePage } from "../../../examples/site-scan/parse/page-document.js";

describe("readability", () => {
  test("follows the formulas of Flesch and Kincaid", () => {
    const sentence = "The cat sat on the mat and the dog ran to the big red barn. ";
    const sentences = readEnglish(sentence.repeat(4));
    // 4 sentences of 15 words of one syllable each.
    expect(readability(sentences)).toEqual({
      sentences: 4,
      words: 60,
      syllables: 60,
      readingEase: Math.round((206.835 - 1.015 * 15 - 84.6) * 10) / 10,
      grade: Math.round((0.39 * 15 + 11.8 - 15.59) * 10) / 10,
    });
  });

  test("long words and sentences are harder", () => {
    const hard =
      "Organisational interdependencies necessitate comprehensive reconsideration of institutional responsibilities, " +
      "notwithstanding countervailing administrative considerations regarding implementation methodologies. ";
    const text = readability(readEnglish(hard.repeat(4)));
    expect(text?.readingEase).toBeLessThan(0);
    expect(text?.grade).toBeGreaterThan(20);
  });

  test("nothing is said about a few words", () => {
    expect(readability(readEnglish("The cat sat on the mat."))).toBeUndefined();
    expect(readability([])).toBeUndefined();
  });
});

describe("key phrases", () => {
  test("are runs of nouns and adjectives that keep coming, all forms of a phrase as one", () => {
    const text =
      "A background job runs in a worker. The background jobs wait in a queue. Every background job has a state. " +
      "The queue is short.";
    const found = keyphrases(readEnglish(text), 2);
    expect(found[0]).toMatchObject({ text: "background job", count: 3 });
    expect(found).toHaveLength(2);
    expect(found[1]).toMatchObject({ text: "queue", count: 2 });
  });

  test("a text without nouns has none", async () => {
    expect(keyphrases(readEnglish("It was so and they were there."))).toEqual([]);
    expect(keyphrases([])).toEqual([]);
  });
});

const start = "https://example.org/";
const prose = "<p>The cat sat on the mat and then it ran to the big red barn with all of its many friends.</p>".repeat(
  6,
);
const good = `<html lang="en"><head><title>A good page</title>
  <meta name="description" content="A page with everything that a page should have, and no more."></head>
  <body><main><h1>Good</h1>${prose}</main></body></html>`;

function crawlOf(urls: readonly string[], changes: Partial<Crawl> = {}): Crawl {
  const file = { name: "page-1.html", sha256: "" };
  const pages = urls.map((url) => ({ url, file, size: 1_000, sha256: "", elapsedMs: 10 }));
  return { start, pages, unreachable: [], unread: 0, ...changes };
}

/** The findings about one page. */
async function findingsIn(html: string, changes: Partial<Crawl> = {}): Promise<Finding[]> {
  return (await analyseSite(crawlOf([start], changes), [parsePage(html, start)])).findings;
}

describe("checks", () => {
  test("say nothing about a good page", async () => {
    expect(await findingsIn(good)).toEqual([]);
  });

  test.each([
    ["title", "high", good.replace("<title>A good page</title>", "")],
    ["title", "low", good.replace("A good page", "A good page ".repeat(7))],
    ["description", "medium", good.replace(/<meta[^>]*>/, "")],
    ["description", "low", good.replace(/content="[^"]*"/, 'content="Short."')],
    ["description", "low", good.replace(/content="[^"]*"/, `content="${"Long. ".repeat(40)}"`)],
    ["language", "medium", good.replace(' lang="en"', "")],
    ["canonical", "low", good.replace("</head>", '<link rel="canonical" href="https://elsewhere.org/"></head>')],
    ["anchors", "medium", good.replace("</main>", '<a href="#nowhere">x</a></main>')],
    ["heading-order", "medium", good.replace("</main>", "<h1>Again</h1></main>")],
    ["heading-order", "medium", good.replace("<h1>Good</h1>", "")],
    ["heading-order", "low", good.replace("</main>", "<h3>Deep</h3></main>")],
    ["image-text", "high", good.replace("</main>", '<img src="a.png"></main>')],
    ["thin-content", "low", good.replace(prose, "<p>Little.</p>")],
    [
      "reading-ease",
      "low",
      good.replace(prose, `<p>${"Institutional responsibilities necessitate reconsideration. ".repeat(30)}</p>`),
    ],
  ])("%s: %s", async (check, severity, html) => {
    expect(await findingsIn(html)).toEqual([
      { check, severity, page: start, explanation: expect.stringMatching(/^\S.*[.?]$/s) as string },
    ]);
  });

  test("a large page, a slow page, a link to nowhere", async () => {
    const [first] = crawlOf([start]).pages;
    if (first === undefined) throw new Error("the crawl has a page");
    const gone = `${start}gone`;
    const linked = good.replace("</main>", '<a href="/gone">x</a></main>');
    const unreachable = [{ url: gone, linkedFrom: start, reason: "HTTP status 404" }];
    expect(await findingsIn(good, { pages: [{ ...first, size: 153_600 }] })).toEqual([]);
    expect(await findingsIn(good, { pages: [{ ...first, size: 153_601 }] })).toMatchObject([{ check: "page-size" }]);
    expect(await findingsIn(good, { pages: [{ ...first, elapsedMs: 801 }] })).toMatchObject([
      { check: "response-time" },
    ]);
    expect(await findingsIn(linked, { unreachable })).toMatchObject([
      { check: "links", severity: "high", explanation: `The link to ${gone} leads to no page: HTTP status 404.` },
    ]);
    expect(await findingsIn(good, { unreachable })).toEqual([]);
  });

  test("two pages with one title", async () => {
    const other = `${start}other`;
    const { findings } = await analyseSite(crawlOf([start, other]), [parsePage(good, start), parsePage(good, other)]);
    expect(findings).toMatchObject([
      { check: "title", page: start, explanation: expect.stringContaining(other) as string },
      { check: "title", page: other },
    ]);
  });

  test("have a code each", () => {
    expect(new Set(checks.map(({ code }) => code)).size).toBe(checks.length);
  });

  test("findings come worst first, at most five of one check on one page", async () => {
    const bad = Array.from({ length: 9 }, (_, n) => `<a href="/${n}">x</a>`).join("");
    const unreachable = Array.from({ length: 9 }, (_, n) => ({
      url: `${start}${n}`,
      linkedFrom: start,
      reason: "gone",
    }));
    const findings = await findingsIn(bad, { unreachable });
    const severities = findings.map(({ severity }) => severity);
    expect(severities).toEqual([...severities].sort((a, b) => "hml".indexOf(a[0] ?? "") - "hml".indexOf(b[0] ?? "")));
    expect(findings.filter(({ check }) => check === "links")).toHaveLength(5);
  });
});

test("a page in another language is checked, but not read as English", async () => {
  const german = good.replace('lang="en"', 'lang="de"');
  const [page] = (await analyseSite(crawlOf([start]), [parsePage(german, start)])).pages;
  expect(page).toMatchObject({ readability: undefined, keyphrases: [] });
});

test("pages are reported one by one", async () => {
  const told: unknown[] = [];
  const other = `${start}other`;
  await analyseSite(crawlOf([start, other]), [parsePage(good, start), parsePage(good, other)], {
    onPage: (...page) => told.push(page),
  });
  expect(told).toEqual([
    [start, 0, 2],
    [other, 1, 2],
  ]);
});

function finding(check: string, severity: Finding["severity"], page: string): Finding {
  return { check, severity, page, explanation: "" };
}

test("the signal ends it between two pages", async () => {
  const controller = new AbortController();
  const other = `${start}other`;
  const told: string[] = [];
  const onPage = (url: string): void => {
    told.push(url);
    controller.abort(new Error("stop"));
  };
  const documents = [parsePage(good, start), parsePage(good, other)];
  const stopped = analyseSite(crawlOf([start, other]), documents, { signal: controller.signal, onPage });
  await expect(stopped).rejects.toThrow("stop");
  expect(told).toEqual([start]);
});

describe("the score", () => {
  test("is 100 without findings", () => {
    expect(siteScore([], 3)).toBe(100);
  });

  test("falls with the severity and with the share of pages", () => {
    expect(siteScore([finding("a", "high", "1")], 1)).toBe(75);
    expect(siteScore([finding("a", "high", "1")], 5)).toBe(95);
    expect(siteScore([finding("a", "low", "1"), finding("a", "low", "1")], 1)).toBe(96);
    expect(siteScore([finding("a", "medium", "1"), finding("b", "medium", "1")], 1)).toBe(80);
  });

  test("is never below 0", () => {
    expect(
      siteScore(
        "abcdefgh".split("").map((check) => finding(check, "high", "1")),
        1,
      ),
    ).toBe(0);
  });
});
