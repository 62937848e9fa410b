// A Markdown file as a page of the documentation site.

import { posix } from "node:path";

import { Marked } from "marked";

export interface MarkdownPage {
  /** Path of the Markdown file in the repository. */
  file: string;
  source: string;
  /** Where each Markdown file is on the site. */
  paths: ReadonlyMap<string, string>;
  menu: readonly { path: string; title: string }[];
}

/** A whole HTML page with a menu, whose links between Markdown files lead to their pages. */
export function renderPage({ file, source, paths, menu }: MarkdownPage): string {
  const slugs = new Map<string, number>();
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text }) {
        return `<h${depth} id="${slug(text, slugs)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
    },
    walkTokens(token) {
      if (token.type === "link") token["href"] = siteLink(String(token["href"]), file, paths);
    },
  });
  const body = marked.parse(source, { async: false });
  const current = menu.find(({ path }) => path === paths.get(file));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(current?.title ?? file)}</title>
<meta name="description" content="${escapeHtml(firstSentence(source))}">
</head>
<body>
<nav>
${menu.map(({ path, title }) => `<a href="${path}">${escapeHtml(title)}</a>`).join("\n")}
</nav>
<main>
${body}</main>
</body>
</html>
`;
}

/** A link of a Markdown file as a link of its page; links to files that are no pages of the site stay as they are. */
function siteLink(href: string, file: string, paths: ReadonlyMap<string, string>): string {
  const [path = "", fragment] = href.split("#");
  const target = paths.get(posix.join(posix.dirname(file), path));
  return target === undefined ? href : `${target}${fragment === undefined ? "" : `#${fragment}`}`;
}

/** The anchor of a heading as GitHub makes it. */
function slug(heading: string, used: Map<string, number>): string {
  const base = heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
  const times = used.get(base) ?? 0;
  used.set(base, times + 1);
  return times === 0 ? base : `${base}-${times}`;
}

/** The first sentence of the first paragraph, as plain text. */
function firstSentence(source: string): string {
  const paragraph = source.split(/\n{2,}/).find((block) => /^[\p{L}`*_[]/u.test(block)) ?? "";
  const text = paragraph
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[`*_]/g, "")
    .replace(/\s+/g, " ");
  return /^.+?[.:](?=\s|$)/.exec(text)?.[0] ?? text;
}

function escapeHtml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}
