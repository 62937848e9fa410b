// Which pages a scan reads, and how it reports those that it cannot.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { crawlSite } from "../../../examples/site-scan/crawl/crawl.js";
import type { Crawl, CrawlOptions } from "../../../examples/site-scan/crawl/crawl.js";
import { pageLinks } from "../../../examples/site-scan/crawl/page-links.js";
import { CrawlFailed, UrlRefused } from "../../../examples/site-scan/safe-fetch/errors.js";
import { SafeFetch } from "../../../examples/site-scan/safe-fetch/safe-fetch.js";
import { ScanFolder } from "../../../examples/site-scan/scan-folder.js";
import { page, startCountingServer } from "./counting-server.js";
import type { CountingServer } from "./counting-server.js";

let folder: ScanFolder;
let server: CountingServer;
let fetcher: SafeFetch;
let requested: string[];
/** HTML by path; a path that is not there is answered with 404. */
let site: Record<string, string>;

beforeEach(async () => {
  folder = new ScanFolder(await mkdtemp(join(tmpdir(), "site-scan-")));
  requested = [];
  server = await startCountingServer((request, response) => {
    const path = request.url ?? "/";
    requested.push(path);
    const html = site[path];
    if (path.endsWith(".pdf")) response.setHeader("content-type", "application/pdf").end("%PDF");
    else if (path === "/moved") response.writeHead(301, { location: "/a" }).end();
    else if (path === "/inside") response.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
    else if (html === undefined) response.writeHead(404).end();
    else page(html)(request, response);
  });
  fetcher = new SafeFetch({ trustedOrigins: [server.origin] });
});
afterEach(async () => {
  await fetcher.close();
  await server.close();
  await rm(folder.path, { recursive: true });
});

const linksTo = (...targets: string[]): string => targets.map((href) => `<a href="${href}">${href}</a>`).join("");

function crawl(options: Partial<CrawlOptions> = {}): Promise<Crawl> {
  return crawlSite(`${server.url}/`, { fetcher, folder, maxPages: 10, ...options });
}

const paths = (pages: readonly { url: string }[]): string[] => pages.map(({ url }) => url.slice(server.url.length));

test("pages are read breadth first, each once, and kept in files", async () => {
  site = { "/": linksTo("/a", "b", "/a#part"), "/a": linksTo("/c", "/"), "/b": linksTo("/a"), "/c": "<p>last" };
  const { pages, start, unreachable, unread } = await crawl();
  expect(paths(pages)).toEqual(["/", "/a", "/b", "/c"]);
  expect(requested).toEqual(["/", "/a", "/b", "/c"]);
  expect({ start, unreachable, unread }).toEqual({ start: `${server.url}/`, unreachable: [], unread: 0 });
  const last = pages.at(-1);
  expect(last && (await folder.read(last.file))).toBe("<p>last");
  expect(last?.size).toBe(7);
});

test("other sites and other schemes are left alone", async () => {
  site = {
    "/": linksTo("https://example.org/", "mailto:a@example.org", "javascript:void 0", `//127.0.0.1:1/`, "/a"),
    "/a": "",
  };
  expect(paths((await crawl()).pages)).toEqual(["/", "/a"]);
});

test("there is a limit, and what was left alone is counted", async () => {
  site = { "/": linksTo("/1", "/2", "/3", "/4"), "/1": "", "/2": "", "/3": "", "/4": "" };
  const { pages, unread } = await crawl({ maxPages: 3 });
  expect({ paths: paths(pages), unread }).toEqual({ paths: ["/", "/1", "/2"], unread: 2 });
});

test("the limit also bounds what is asked for in vain", async () => {
  site = { "/": linksTo(...Array.from({ length: 50 }, (_, n) => `/missing-${n}`)) };
  await crawl({ maxPages: 5 });
  expect(requested).toHaveLength(10);
});

test("pages that cannot be read are reported with the reason and the first link to them", async () => {
  site = { "/": linksTo("/missing", "/a", "/inside"), "/a": linksTo("/missing") };
  const linkedFrom = `${server.url}/`;
  expect((await crawl()).unreachable).toEqual([
    { url: `${server.url}/missing`, linkedFrom, reason: "HTTP status 404" },
    {
      url: `${server.url}/inside`,
      linkedFrom,
      reason: expect.stringContaining("it leads to where a scan must not go") as string,
    },
  ]);
});

test("a file that is no page is neither a page nor a fault", async () => {
  site = { "/": linksTo("/paper.pdf") };
  const { pages, unreachable } = await crawl();
  expect({ paths: paths(pages), unreachable }).toEqual({ paths: ["/"], unreachable: [] });
});

test("a redirect to a page that was read does not count twice", async () => {
  site = { "/": linksTo("/a", "/moved"), "/a": "" };
  expect(paths((await crawl()).pages)).toEqual(["/", "/a"]);
});

test("a start page that cannot be fetched ends the crawl", async () => {
  site = {};
  await expect(crawl()).rejects.toBeInstanceOf(CrawlFailed);
  const refused = crawlSite("http://127.0.0.1:1/", { fetcher, folder, maxPages: 10 });
  await expect(refused).rejects.toBeInstanceOf(UrlRefused);
});

test("each page is announced before it is fetched", async () => {
  site = { "/": linksTo("/a", "/b"), "/a": "", "/b": "" };
  const told: unknown[] = [];
  await crawl({ onPage: (url, fetched, known) => told.push([url.slice(server.url.length), fetched, known]) });
  expect(told).toEqual([
    ["/", 0, 1],
    ["/a", 1, 3],
    ["/b", 2, 3],
  ]);
});

test("the signal ends it between and within pages", async () => {
  site = { "/": linksTo("/a"), "/a": "" };
  const controller = new AbortController();
  const reason = new Error("stop");
  const onPage = (url: string): void => {
    if (url.endsWith("/a")) controller.abort(reason);
  };
  await expect(crawl({ signal: controller.signal, onPage })).rejects.toBe(reason);
  expect(requested).toEqual(["/"]);
});

describe("links of a page", () => {
  test.each([
    ["relative, absolute and with a fragment", linksTo("b", "/c#x", "?q=1"), ["/a/b", "/c", "/a/?q=1"]],
    ["with a base", `<base href="/base/">${linksTo("b")}`, ["/base/b"]],
    ["with a base that is none", `<base href="http://[">${linksTo("b")}`, ["/a/b"]],
    ["of a map", '<map><area href="/map"></map>', ["/map"]],
    ["in broken HTML", '<div><a href="/x">x<table><a href=/y>y', ["/x", "/y"]],
    ["that are none", '<a>x</a><a href="http://[">y</a>', []],
  ])("%s", (_what, html, found) => {
    expect(pageLinks(html, "https://example.org/a/").map((link) => link.slice("https://example.org".length))).toEqual(
      found,
    );
  });
});
