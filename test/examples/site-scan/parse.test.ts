// The text, links and data that are taken out of a page's HTML.

import { expect, test } from "vitest";

import { mainText } from "../../../examples/site-scan/parse/main-text.js";
import { parsePage } from "../../../examples/site-scan/parse/page-document.js";

const url = "https://example.org/docs/";

test("a page", () => {
  const html = `<!doctype html><html lang="EN-gb"><head><title> A
    title </title><meta name="Description" content="What it is about."><link rel=canonical href="/docs/"></head>
    <body><nav><a href="/">Home</a></nav><main><h1 id="top-of-it">One</h1><p>First paragraph.</p>
    <h2>Two <code>code</code></h2><img src="a.png"><img src="b.png" alt=""><img src="c.png" role="presentation">
    <a href="#top-of-it">up</a> <a href="#nowhere">down</a></main></body></html>`;
  expect(parsePage(html, url)).toEqual({
    url,
    title: "A title",
    description: "What it is about.",
    canonical: url,
    language: "en-gb",
    headings: [
      { level: 1, text: "One" },
      { level: 2, text: "Two code" },
    ],
    links: ["https://example.org/", url],
    images: 3,
    imagesWithoutAlt: ["a.png"],
    missingAnchors: ["nowhere"],
    paragraphs: ["First paragraph."],
    words: 7,
  });
});

test("an empty page", () => {
  expect(parsePage("", url)).toEqual({
    url,
    title: "",
    description: "",
    canonical: undefined,
    language: undefined,
    headings: [],
    links: [],
    images: 0,
    imagesWithoutAlt: [],
    missingAnchors: [],
    paragraphs: [],
    words: 0,
  });
});

test("the title of a drawing is not the title of the page", () => {
  expect(parsePage("<body><svg><title>Logo</title></svg>", url).title).toBe("");
});

test.each([
  ["an id", '<p id="x">', "#x", []],
  ["an old name", '<a name="x">', "#x", []],
  ["the same in an escaped spelling", '<p id="ü">', "#%C3%BC", []],
  ["the top of the page", "", "#top", []],
  ["nothing", "", "#", []],
  ["a broken escape", "", "#%", ["%"]],
  ["the page by its full address", "", `${url}#x`, ["x"]],
  ["another page", "", "/other#x", []],
  ["a link from a base elsewhere", '<base href="/other/">', "#x", []],
])("an anchor may be %s", (_what, html, href, missing) => {
  expect(parsePage(`${html}<a href="${href}">go</a>`, url).missingAnchors).toEqual(missing);
});

test.each([
  ["the main part", "<p>menu</p><main><p>text</p></main>", ["text"]],
  ["the only article", "<p>menu</p><article><p>text</p></article>", ["text"]],
  ["the body when there are several articles", "<article><p>a</p></article><article><p>b</p></article>", ["a", "b"]],
  [
    "no scripts, menus, forms or hidden parts",
    "<script>x</script><nav><p>n</p></nav><p hidden>h</p><form><p>f</p></form><p>text",
    ["text"],
  ],
  ["no code blocks", "<pre><p>code</p></pre><p>text <code>inline</code></p>", ["text inline"]],
  [
    "list items once, also with paragraphs in them",
    "<ul><li><p>one</p><p>two</p></li><li>three</li></ul>",
    ["one", "two", "three"],
  ],
])("prose is %s", (_what, html, paragraphs) => {
  expect(mainText(html).paragraphs).toEqual(paragraphs);
});

test("words are counted over line breaks, cells and code", () => {
  expect(
    mainText("<p>one<br>two</p><table><tr><td>three</td><td>four</td></tr></table><pre>five six</pre>").words,
  ).toBe(6);
});
