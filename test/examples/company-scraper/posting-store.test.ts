// Postings are stored once, however often and by however many runs they are found.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import type { KeyedEnrichment } from "../../../examples/company-scraper/enrich/enrichment.js";
import type { Posting } from "../../../examples/company-scraper/parse/posting.js";
import { persistPostings } from "../../../examples/company-scraper/persist/persist-postings.js";
import { PostingStore } from "../../../examples/company-scraper/persist/posting-store.js";

let folder: string;
let store: PostingStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "postings-"));
  store = new PostingStore(join(folder, "new", "postings.db"));
});
afterEach(async () => {
  store.close();
  await rm(folder, { recursive: true });
});

const companyUrl = "http://mill.example:8080/jobs/";
const monday = new Date("2026-11-16T06:00:00Z");
const tuesday = new Date("2026-11-17T06:00:00Z");

function posting(key: string, change: Partial<Posting> = {}): Posting {
  return {
    ...{ key, title: "Miller", reference: null, location: "Ulm", employmentType: null, pay: "€40k" },
    ...{ postedOn: null, description: "You grind.", url: `${companyUrl}1.html` },
    ...change,
  };
}

function enrichment(key: string, change: Partial<KeyedEnrichment> = {}): KeyedEnrichment {
  const salary = { min: 40_000, max: null, currency: "EUR", period: "year" } as const;
  return { key, skills: ["milling", "English"], seniority: "mid", salary, summary: "A miller grinds.", ...change };
}

test("a posting is new once, then known; with another text it has changed", () => {
  const found = { companyUrl, postings: [posting("a"), posting("b")] };
  expect(persistPostings(found, store, monday)).toEqual({ inserted: 2, updated: 0, unchanged: 0 });
  expect(persistPostings(found, store, monday)).toEqual({ inserted: 0, updated: 0, unchanged: 2 });
  const raised = { companyUrl, postings: [posting("a", { pay: "€45k" }), posting("b"), posting("c")] };
  expect(persistPostings(raised, store, tuesday)).toEqual({ inserted: 1, updated: 1, unchanged: 1 });
  expect(store.rows(["mill.example"]).map(({ key, pay }) => [key, pay])).toEqual([
    ["a", "€45k"],
    ["b", "€40k"],
    ["c", "€40k"],
  ]);
});

test("another address of the same posting is no change", () => {
  persistPostings({ companyUrl, postings: [posting("a")] }, store, monday);
  const moved = {
    companyUrl: "http://mill.example:9090/jobs/",
    postings: [posting("a", { url: "http://mill.example:9090/" })],
  };
  expect(persistPostings(moved, store, tuesday)).toEqual({ inserted: 0, updated: 0, unchanged: 1 });
});

test("what the enrichment found is kept with it, also when a later scrape comes without", () => {
  const postings = [posting("a"), posting("b")];
  persistPostings({ companyUrl, postings, enrichments: [enrichment("a")] }, store, monday);
  const rows = store.rows(["mill.example"]);
  expect(rows[0]).toMatchObject({
    ...{
      key: "a",
      company: "mill.example",
      skills: '["milling","English"]',
      seniority: "mid",
      summary: "A miller grinds.",
    },
    ...{ salary_min: 40_000, salary_max: null, salary_currency: "EUR", salary_period: "year" },
  });
  expect(rows[1]).toMatchObject({ key: "b", skills: null, salary_min: null, summary: null });
  expect(persistPostings({ companyUrl, postings }, store, tuesday)).toEqual({ inserted: 0, updated: 0, unchanged: 2 });
  expect(store.rows(["mill.example"])).toEqual(rows);
  const without = [enrichment("a", { salary: null })];
  expect(persistPostings({ companyUrl, postings, enrichments: without }, store, tuesday)).toMatchObject({ updated: 1 });
  expect(store.rows(["mill.example"])[0]).toMatchObject({ salary_min: null, salary_currency: null, seniority: "mid" });
});

test("all postings of a company are written, or none", () => {
  const broken = { ...posting("b"), title: null as unknown as string };
  expect(() => persistPostings({ companyUrl, postings: [posting("a"), broken] }, store, monday)).toThrow("NOT NULL");
  expect(store.count()).toBe(0);
  expect(persistPostings({ companyUrl, postings: [posting("a")] }, store, monday)).toMatchObject({ inserted: 1 });
});

test("counts and skills are those of the companies that are asked for", () => {
  persistPostings(
    {
      companyUrl,
      postings: [posting("a"), posting("b")],
      enrichments: [enrichment("a"), enrichment("b", { skills: ["English"] })],
    },
    store,
    monday,
  );
  persistPostings(
    { companyUrl: "http://dock.example/", postings: [posting("c")], enrichments: [enrichment("c")] },
    store,
    monday,
  );
  expect([store.count(), store.count(["mill.example"]), store.count([])]).toEqual([3, 2, 0]);
  expect(store.skills(["mill.example"], 5)).toEqual([
    { skill: "English", postings: 2 },
    { skill: "milling", postings: 1 },
  ]);
  expect(store.skills(["mill.example", "dock.example"], 1)).toEqual([{ skill: "English", postings: 3 }]);
});

test("two processes may write into one file, each in its turn", () => {
  const other = new PostingStore(join(folder, "new", "postings.db"));
  persistPostings({ companyUrl, postings: [posting("a")] }, store, monday);
  expect(persistPostings({ companyUrl, postings: [posting("a")] }, other, tuesday)).toMatchObject({ unchanged: 1 });
  other.close();
});
