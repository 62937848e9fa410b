// The site that the example scans when it is given no other: this repository's documentation as HTML.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { parsePage } from "../../../examples/site-scan/parse/page-document.js";
import { renderDocumentation, serveDocumentation } from "../../../examples/site-scan/site/documentation-site.js";
import type { DocumentationSite } from "../../../examples/site-scan/site/documentation-site.js";
import { renderPage } from "../../../examples/site-scan/site/markdown-page.js";

let site: DocumentationSite;
beforeAll(async () => {
  site = await serveDocumentation();
});
afterAll(() => site.close());

test("it has a page for the README, for each file of docs/ and for each example", async () => {
  const pages = await renderDocumentation();
  const docs = readdirSync("docs").filter((name) => name.endsWith(".md"));
  expect([...pages.keys()]).toEqual([
    "/",
    ...docs.sort().map((name) => `/docs/${name.replace(".md", ".html")}`),
    "/examples/company-scraper/readme.html",
    "/examples/requirements-analysis/readme.html",
    "/examples/site-scan/readme.html",
    "/contributing.html",
    "/changelog.html",
  ]);
  expect(parsePage(pages.get("/") ?? "", site.url)).toMatchObject({
    title: "Longshore",
    language: "en",
    missingAnchors: [],
  });
});

test("its links lead to its pages, or to files that the repository has", async () => {
  const pages = await renderDocumentation();
  for (const [path, html] of pages) {
    for (const link of parsePage(html, new URL(path, site.url).href).links) {
      if (!link.startsWith(site.url)) continue;
      const target = new URL(link).pathname;
      expect(pages.has(target) || existsSync(join(process.cwd(), target)), `${path} links to ${target}`).toBe(true);
    }
  }
});

test("it is served on loopback only, and says what it does not have", async () => {
  expect(site.origin).toMatch(/^127\.0\.0\.1:\d+$/);
  const found = await fetch(site.url);
  expect([found.status, found.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  await found.text();
  const missing = await fetch(new URL("/nothing", site.url));
  expect([missing.status, await missing.text()]).toEqual([404, "There is no such page.\n"]);
});

test("it takes the port it is asked for when that is free, else another", async () => {
  const port = Number(new URL(site.url).port);
  const second = await serveDocumentation(port);
  expect(second.url).not.toBe(site.url);
  await second.close();
  const third = await serveDocumentation(Number(new URL(second.url).port));
  expect(third.url).toBe(second.url);
  await third.close();
});

test("a Markdown file becomes a page with anchors, a menu and a description", () => {
  const html = renderPage({
    file: "docs/a.md",
    source: '# The "A" page\n\nIt says [b](b.md#part). And more.\n\n## Part\n\n## Part\n\n[out](../LICENSE)\n',
    paths: new Map([
      ["docs/a.md", "/docs/a.html"],
      ["docs/b.md", "/docs/b.html"],
    ]),
    menu: [{ path: "/docs/a.html", title: 'The "A" page' }],
  });
  const page = parsePage(html, "http://127.0.0.1/docs/a.html");
  expect(page).toMatchObject({ title: 'The "A" page', description: "It says b.", language: "en" });
  expect(html).toContain('<h2 id="part">');
  expect(html).toContain('<h2 id="part-1">');
  expect(page.links.map((link) => new URL(link).pathname)).toEqual(["/docs/a.html", "/docs/b.html", "/LICENSE"]);
});
