// Postings out of pages: all that are in the example's files, and each of the shapes that pages have.

import { readFile } from "node:fs/promises";
import { load } from "cheerio";
import { NonRetryable } from "longshore";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Company } from "../../../examples/company-scraper/company.js";
import { fetchListings } from "../../../examples/company-scraper/fetch/listing-pages.js";
import { NoPostings, parseListings } from "../../../examples/company-scraper/parse/parse-listings.js";
import type { ParsedListings } from "../../../examples/company-scraper/parse/parse-listings.js";
import { linesOf } from "../../../examples/company-scraper/parse/page-lines.js";
import { serveCompanies } from "../../../examples/company-scraper/site/company-sites.js";
import type { CompanySites } from "../../../examples/company-scraper/site/company-sites.js";
import { SafeFetch } from "../../../examples/site-scan/safe-fetch/safe-fetch.js";

const companyUrl = "https://mill.example/jobs/";

function parse(...bodies: string[]): ParsedListings {
  const pages = bodies.map((body, index) => ({
    url: index === 0 ? companyUrl : `${companyUrl}${index}.html`,
    html: body,
  }));
  return parseListings({ companyUrl, pages });
}

describe("the pages of the example", () => {
  let sites: CompanySites;
  let fetcher: SafeFetch;
  beforeAll(async () => {
    sites = await serveCompanies({ latency: { least: 0, most: 0 } });
    fetcher = new SafeFetch(sites.fetching);
  });
  afterAll(async () => {
    await fetcher.close();
    await sites.close();
  });

  async function parsed({ url }: Company): Promise<ParsedListings> {
    const listings = await fetchListings(url, { fetcher }).catch(() => fetchListings(url, { fetcher }));
    return parseListings(listings);
  }

  interface Known {
    company: string;
    title: string;
    location: string;
    reference: string | null;
    pay: string | null;
  }

  test("give every posting with title, place, number and pay as its author wrote them, and no other", async () => {
    const known = JSON.parse(await readFile(new URL("postings.json", import.meta.url), "utf8")) as Known[];
    const found: Known[] = [];
    for (const company of sites.companies) {
      if (["stonebridge-print", "lumen-labs"].includes(company.slug)) continue;
      for (const { title, location, reference, pay } of (await parsed(company)).postings) {
        found.push({ company: company.slug, title, location: location ?? "", reference, pay });
      }
    }
    const sorted = (some: readonly Known[]): string[] =>
      some
        .map(({ company, title, location, reference, pay }) => [company, title, location, reference, pay].join(" | "))
        .sort();
    expect(sorted(found)).toEqual(sorted(known));
  });

  test("give each posting a description, once", async () => {
    for (const company of sites.companies) {
      if (["stonebridge-print", "lumen-labs"].includes(company.slug)) continue;
      const { postings } = await parsed(company);
      for (const { description, title } of postings) {
        expect(description.length, `${company.slug} ${title}`).toBeGreaterThan(200);
        expect(description).not.toMatch(/^(?:Location|Salary|Hours|Pay)\b/m);
      }
      expect(new Set(postings.map(({ key }) => key)).size).toBe(postings.length);
    }
  });

  test("that scripts would fill have none, which is final", async () => {
    const lumen = sites.companies.find(({ slug }) => slug === "lumen-labs");
    const failure = parsed(lumen ?? { slug: "", name: "", url: "" });
    await expect(failure).rejects.toBeInstanceOf(NoPostings);
    await expect(failure).rejects.toBeInstanceOf(NonRetryable);
    await expect(failure).rejects.toThrow(
      "no job posting in the page; it has hardly any text, which may come by script",
    );
  });
});

const long = "You grind wheat, rye and spelt in a mill that the river has driven for three hundred years.";

const script = (value: unknown): string => `<script type="application/ld+json">${JSON.stringify(value)}</script>`;

describe("JSON-LD", () => {
  const posting = {
    "@type": "JobPosting",
    title: "Miller &amp; Baker",
    description: `<p>${long}</p><ul><li>Early shifts</li></ul>`,
    datePosted: "2026-11-02",
    employmentType: ["FULL_TIME", "PART_TIME"],
    identifier: { "@type": "PropertyValue", value: 17 },
    jobLocation: [{ address: { addressLocality: "Ulm" } }, { address: "Bonn" }],
    baseSalary: { currency: "EUR", value: { minValue: 40000, maxValue: 48000, unitText: "YEAR" } },
    url: "/jobs/17",
  };

  test("is read in full", () => {
    expect(parse(script(posting)).postings).toEqual([
      {
        key: "mill.example#17",
        title: "Miller & Baker",
        reference: "17",
        location: "Ulm, Bonn",
        employmentType: "Full time, Part time",
        pay: "EUR 40000-48000 per year",
        postedOn: "2026-11-02",
        description: `${long}\nEarly shifts`,
        url: "https://mill.example/jobs/17",
      },
    ]);
  });

  test.each([
    ["a list", [posting, { "@type": "Organization" }]],
    ["a graph", { "@graph": [{ "@type": "WebPage" }, posting] }],
    ["a list of items", { "@type": "ItemList", itemListElement: [{ "@type": "ListItem", item: posting }] }],
    ["several types", { ...posting, "@type": ["Thing", "JobPosting"] }],
  ])("is found in %s", (_shape, value) => {
    expect(parse(script(value)).postings.map(({ key }) => key)).toEqual(["mill.example#17"]);
  });

  test("that cannot be read is passed over, and what people see is read", () => {
    const card = `<div class="job-card"><h3>Miller</h3><p>Location: Ulm</p><p>${long}</p></div>`;
    expect(
      parse(`<script type="application/ld+json">{"@type": "JobPosting", "title":</script>${card}`).postings,
    ).toMatchObject([{ title: "Miller", location: "Ulm", description: long }]);
  });

  test.each([
    [{ jobLocation: undefined, jobLocationType: "TELECOMMUTE" }, "location", "Remote"],
    [
      { jobLocation: undefined, jobLocationType: "TELECOMMUTE", applicantLocationRequirements: [{ name: "Spain" }] },
      "location",
      "Remote (Spain)",
    ],
    [{ baseSalary: { currency: "USD", value: { value: 30, unitText: "HOUR" } } }, "pay", "USD 30 per hour"],
    [{ baseSalary: { currency: "USD", value: { maxValue: 90000 } } }, "pay", "up to USD 90000"],
    [{ baseSalary: "€40k" }, "pay", "€40k"],
    [{ baseSalary: {} }, "pay", null],
    [{ identifier: "A-1" }, "reference", "A-1"],
  ] as const)("states %j as %s %j", (change, field, value) => {
    expect(parse(script({ ...posting, ...change })).postings[0]?.[field]).toBe(value);
  });
});

test("microdata is read with its facts and its own place on the page", () => {
  const { postings } = parse(`
    <div itemscope itemtype="http://schema.org/JobPosting" id="miller"><b itemprop="title">Miller</b>
    <meta itemprop="datePosted" content="2026-11-02"><i itemprop="jobLocation">Ulm</i>
    <p itemprop="description">${long}</p></div>`);
  expect(postings).toMatchObject([
    { title: "Miller", location: "Ulm", postedOn: "2026-11-02", description: long, url: `${companyUrl}#miller` },
  ]);
});

test("tables are read by the names of their columns, in any order; others are not", () => {
  const { postings } = parse(`
    <table><tr><th>Opening hours</th></tr><tr><td>9 to 5</td></tr></table>
    <table><tr><th>Where</th><th>Job title</th><th>Ref. No.</th></tr>
    <tr><td>Ulm</td><td><a href="7.html">Miller</a></td><td>M7</td></tr><tr><td colspan="3"></td></tr></table>`);
  expect(postings).toMatchObject([
    { title: "Miller", location: "Ulm", reference: "M7", url: "https://mill.example/jobs/7.html" },
  ]);
});

test("blocks that are called postings are read, with facts by label or by class", () => {
  const { postings } = parse(`
    <ul><li class="vacancy"><a href="7.html">Miller</a> <span class="vacancy-location">Ulm</span></li></ul>
    <div class="job-list"><div class="job-item" id="b"><h4>Baker</h4><p>Place of work: Bonn</p><p>Pay: €40k</p><p>${long}</p></div></div>`);
  expect(postings).toMatchObject([
    { title: "Miller", location: "Ulm", description: "", url: "https://mill.example/jobs/7.html" },
    { title: "Baker", location: "Bonn", pay: "€40k", description: long, url: `${companyUrl}#b` },
  ]);
});

test("lists of terms are read when the terms are titles, not labels", () => {
  expect(parse(`<dl><dt>Miller</dt><dd>Location: Ulm<br>${long}</dd></dl>`).postings).toMatchObject([
    { title: "Miller", location: "Ulm", description: long },
  ]);
  const single = `<main><h1>Miller</h1><dl><dt>Location</dt><dd>Ulm</dd></dl><p>${long}</p></main>`;
  expect(parse(single).postings).toMatchObject([{ title: "Miller", location: "Ulm", description: long }]);
});

test("headings with facts below are postings, others are not; the place may be in the heading", () => {
  const { postings } = parse(
    `<h2>About us</h2><p>Since 1720.</p><h3>Miller, Ulm</h3><p><b>Hours:</b> Full time</p><p>${long}</p>`,
  );
  expect(postings).toMatchObject([
    { title: "Miller", location: "Ulm", employmentType: "Full time", description: long },
  ]);
  expect(postings).toHaveLength(1);
});

test("a list and a posting's own page are put together", () => {
  const list = '<ul><li class="job"><a href="1.html">Miller</a> <i class="location">Ulm</i></li></ul>';
  const own = `<main><h1>Miller</h1><p>Location: Ulm, Germany</p><p>Salary: €40k</p><p>${long}</p></main>`;
  const { postings, duplicates } = parse(list, own);
  expect(postings).toMatchObject([{ title: "Miller", location: "Ulm", pay: "€40k", description: long }]);
  expect({ postings: postings.length, duplicates }).toEqual({ postings: 1, duplicates: 1 });
});

const card = (place: string, more = ""): string =>
  `<div class="job"><h3>Miller</h3><p>Location: ${place}</p>${more}</div>`;

test("the same title at two places is two postings, and shown on two pages it is one", () => {
  const { postings, duplicates } = parse(card("Ulm") + card("Bonn"), card("Ulm"));
  expect(postings.map(({ key }) => key)).toEqual(["mill.example/miller@ulm", "mill.example/miller@bonn"]);
  expect(duplicates).toBe(1);
});

test("the employer's number says which posting it is, however its place is written", () => {
  const { postings } = parse(card("Ulm", "<p>Ref: M7</p>") + card("Ulm, Germany", "<p>Ref: M7</p>"));
  expect(postings).toMatchObject([{ key: "mill.example#m7", location: "Ulm" }]);
});

test("pages without postings say how many they were", () => {
  const prose = `<p>${long} ${long}</p>`;
  expect(() => parse(prose, prose)).toThrow("https://mill.example/jobs/: no job posting in the 2 pages");
  expect(() => parse(prose, prose)).not.toThrow("script");
});

test("lines are what a reader sees", () => {
  const $ = load("<div>a <b>b</b><br>c<p>d\n e</p><script>x</script><p hidden>f</p><ul><li>g<li>h</ul></div>");
  expect(linesOf($("div"))).toEqual(["a b", "c", "d e", "g", "h"]);
});
