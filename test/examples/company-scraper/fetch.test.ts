// Which pages of a company are fetched, and what is kept of them.

import { afterEach, beforeEach, expect, test } from "vitest";

import { fetchListings } from "../../../examples/company-scraper/fetch/listing-pages.js";
import type { FetchTools, FetchedListings } from "../../../examples/company-scraper/fetch/listing-pages.js";
import { CrawlFailed, PageRejected, UrlRefused } from "../../../examples/site-scan/safe-fetch/errors.js";
import { SafeFetch } from "../../../examples/site-scan/safe-fetch/safe-fetch.js";
import { page, startCountingServer } from "../site-scan/counting-server.js";
import type { CountingServer } from "../site-scan/counting-server.js";

let server: CountingServer;
let fetcher: SafeFetch;
let requested: string[];
let agents: Set<string | undefined>;
/** HTML by path and query; what is not there is answered with 404. */
let site: Record<string, string>;

beforeEach(async () => {
  requested = [];
  agents = new Set();
  server = await startCountingServer((request, response) => {
    const path = request.url ?? "/";
    requested.push(path);
    agents.add(request.headers["user-agent"]);
    const html = site[path];
    if (path === "/moved/") response.writeHead(301, { location: "/jobs/" }).end();
    else if (html === undefined) response.writeHead(404).end();
    else page(html)(request, response);
  });
  fetcher = new SafeFetch({ trustedOrigins: [server.origin] });
});
afterEach(async () => {
  await fetcher.close();
  await server.close();
});

const linksTo = (...targets: string[]): string => targets.map((href) => `<a href="${href}">${href}</a>`).join("");

function fetchAt(path: string, tools: Partial<FetchTools> = {}): Promise<FetchedListings> {
  return fetchListings(`${server.url}${path}`, { fetcher, ...tools });
}

test("further pages of the list and the postings' own are fetched, each once, and nothing beside them", async () => {
  site = {
    "/jobs/": linksTo(
      "?page=2",
      "baker.html",
      "/about/",
      "/jobs/",
      "https://example.org/jobs/",
      "mailto:a@example.org",
    ),
    "/jobs/?page=2": linksTo("/jobs/", "baker.html", "miller.html"),
    "/jobs/baker.html": linksTo("apply?ref=1", "/jobs/login"),
    "/jobs/miller.html": "",
  };
  const { companyUrl, pages, missing, unread } = await fetchAt("/jobs/");
  expect(requested).toEqual(["/jobs/", "/jobs/?page=2", "/jobs/baker.html", "/jobs/miller.html"]);
  expect(pages.map(({ url }) => url.slice(server.url.length))).toEqual(requested);
  expect({ companyUrl, missing, unread }).toEqual({ companyUrl: `${server.url}/jobs/`, missing: [], unread: 0 });
  expect([...agents]).toEqual(["longshore-company-scraper/1.0"]);
});

test("a list that has moved is followed, and so are the pages below its new place", async () => {
  site = { "/jobs/": linksTo("baker.html"), "/jobs/baker.html": "" };
  const { pages } = await fetchAt("/moved/");
  expect(pages.map(({ url }) => url.slice(server.url.length))).toEqual(["/jobs/", "/jobs/baker.html"]);
});

test("a page that is missing is noted, the first one must be there", async () => {
  site = { "/jobs/": linksTo("gone.html", "baker.html"), "/jobs/baker.html": "" };
  const { pages, missing } = await fetchAt("/jobs/");
  expect(pages).toHaveLength(2);
  expect(missing).toEqual([{ url: `${server.url}/jobs/gone.html`, reason: "HTTP status 404" }]);
  await expect(fetchAt("/nothing/")).rejects.toBeInstanceOf(CrawlFailed);
  await expect(fetchListings("http://127.0.0.1:1/jobs/", { fetcher })).rejects.toBeInstanceOf(UrlRefused);
});

test("scripts, styles, pictures and comments are left out; what is meant for machines stays", async () => {
  const data = '<script type="application/ld+json">{"@type":"JobPosting"}</script>';
  site = {
    "/jobs/": `<style>p{}</style><script>var a;</script>${data}<!-- note --><svg></svg><p>Baker</p>\n\n  <p>Miller</p>`,
  };
  const [first] = (await fetchAt("/jobs/")).pages;
  expect(first?.html).toContain(data);
  expect(first?.html).toContain("<p>Baker</p>\n<p>Miller</p>");
  expect(first?.html).not.toMatch(/style|var a|note|svg/);
});

test("there are at most 25 pages", async () => {
  site = { "/jobs/": linksTo(...Array.from({ length: 30 }, (_, n) => `${n}.html`)) };
  for (let n = 0; n < 30; n += 1) site[`/jobs/${n}.html`] = "<p>x";
  const { pages, unread } = await fetchAt("/jobs/");
  expect({ pages: pages.length, unread, requested: requested.length }).toEqual({ pages: 25, unread: 6, requested: 25 });
});

test("together they fit into the result of a job", async () => {
  const long = `<p>${'"'.repeat(20_000)}`;
  site = {
    "/jobs/": linksTo("1.html", "2.html", "3.html"),
    "/jobs/1.html": long,
    "/jobs/2.html": long,
    "/jobs/3.html": long,
  };
  const { pages, unread, ...rest } = await fetchAt("/jobs/");
  expect({ pages: pages.length, unread }).toEqual({ pages: 3, unread: 1 });
  expect(Buffer.byteLength(JSON.stringify({ pages, unread, ...rest }))).toBeLessThan(128 * 1_024);
  site = { "/jobs/": `<p>${"x".repeat(120_000)}` };
  await expect(fetchAt("/jobs/")).rejects.toBeInstanceOf(PageRejected);
});

test("each page is announced before it is fetched, and the signal ends it", async () => {
  site = { "/jobs/": linksTo("a.html"), "/jobs/a.html": "" };
  const told: unknown[] = [];
  const stop = new AbortController();
  const onPage = (url: string, fetched: number, known: number): void => {
    told.push([url.slice(server.url.length), fetched, known]);
    if (fetched === 1) stop.abort(new Error("stopped"));
  };
  await expect(fetchAt("/jobs/", { onPage, signal: stop.signal })).rejects.toThrow("stopped");
  expect(told).toEqual([
    ["/jobs/", 0, 1],
    ["/jobs/a.html", 1, 2],
  ]);
});
