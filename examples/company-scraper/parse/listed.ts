// Postings that a page states for people only, in the shapes that such pages have: a table, a list of blocks, a list of
// terms, headings one after the other, or one posting that has a page to itself.

import type { Cheerio, CheerioAPI } from "cheerio";

import { factNamed, factOfClass, takeFacts } from "./facts.js";
import type { Facts } from "./facts.js";
import { linesOf, oneLine } from "./page-lines.js";
import type { PageNode } from "./page-lines.js";
import type { PostingDraft } from "./posting.js";

const titleColumn = /^(?:position|(?:job )?title|job|role|vacancy|opening)s?$/i;

/** The rows of tables whose head names a column for the title. */
export function readTables($: CheerioAPI, url: string): PostingDraft[] {
  return [...$("table")].flatMap((table) => {
    const rows = [...$(table).find("tr")].map((row) => [...$(row).children("th, td")].map((cell) => $(cell)));
    const [head = [], ...body] = rows;
    const labels = head.map((cell) => oneLine(cell.text()));
    const titleAt = labels.findIndex((label) => titleColumn.test(label));
    if (titleAt < 0) return [];
    return body.flatMap((cells) => {
      const titleCell = cells[titleAt];
      const title = oneLine(titleCell?.text() ?? "");
      if (titleCell === undefined || title === "") return [];
      const facts: Facts = {};
      for (const [at, cell] of cells.entries()) {
        const name = factNamed(labels[at] ?? "");
        const value = oneLine(cell.text());
        if (name !== undefined && value !== "") facts[name] = value;
      }
      return { title, url: linkIn(titleCell, url) ?? url, ...facts };
    });
  });
}

const blockClass =
  /(?:^|\s)(?:job|position|vacancy|opening|posting|role)(?:[-_]+(?:item|card|entry|row|listing|post|teaser))?(?:\s|$)/i;
const headings = "h1, h2, h3, h4, h5, h6";

/** Elements whose class says that each is a posting: `<li class="vacancy">`, `<article class="job-card">`. */
export function readBlocks($: CheerioAPI, url: string): PostingDraft[] {
  const isBlock = (element: PageNode): boolean => blockClass.test($(element).attr("class") ?? "");
  const outermost = [...$("article, li, section, div")].filter(
    (element) => isBlock(element) && !$(element).parents().toArray().some(isBlock),
  );
  return outermost.flatMap((element) => {
    const block = $(element).clone();
    const heading = block.find(headings).first();
    const name = heading.length > 0 ? heading : block.find("a[href], strong, b").first();
    const title = oneLine(name.text());
    if (title === "") return [];
    const anchor = $(element).attr("id");
    const link = linkIn(name, url) ?? (anchor === undefined ? url : new URL(`#${anchor}`, url).href);
    const classed: Facts = {};
    const said: string[] = [];
    for (const part of block.find("[class]")) {
      const fact = $(part).children().length === 0 ? factOfClass($(part).attr("class") ?? "") : undefined;
      const value = oneLine($(part).text());
      if (fact === undefined || value === "") continue;
      classed[fact] ??= value;
      said.push(value);
    }
    name.remove();
    const { facts, rest } = takeFacts(linesOf(block));
    return { title, url: link, ...facts, ...classed, description: descriptionOf(rest, said) };
  });
}

/** `<dl>`s whose terms are titles, and whose definitions describe the postings. */
export function readDefinitions($: CheerioAPI, url: string): PostingDraft[] {
  return [...$("dl > dt")].flatMap((term) => {
    const title = oneLine($(term).text());
    const lines = linesOf($(term).nextUntil("dt", "dd"));
    const isLong = lines.join(" ").length > shortestDescription;
    if (title === "" || factNamed(title) !== undefined || !isLong) return [];
    const { facts, rest } = takeFacts(lines);
    return { title, url, ...facts, description: rest.join("\n") };
  });
}

/** Characters that a definition of a posting has at least. */
const shortestDescription = 80;

/** Headings below the page's own, each followed by what it offers, with at least one fact said. */
export function readHeadings($: CheerioAPI, url: string): PostingDraft[] {
  return [...$("h2, h3, h4")].flatMap((heading) => {
    const lines = linesOf($(heading).nextUntil(headings));
    const { facts, rest } = takeFacts(lines);
    const whole = oneLine($(heading).text());
    if (whole === "" || Object.keys(facts).length === 0) return [];
    // "Pastry Chef, Brighton": where the place is said nowhere else, it is in the heading.
    const [, title = whole, place] = facts.location === undefined ? (/^(.+), ([^,]+)$/.exec(whole) ?? []) : [];
    return { title, url, ...(place === undefined ? {} : { location: place }), ...facts, description: rest.join("\n") };
  });
}

/** A page that is about one posting: its heading is the title, and facts about it are said. */
export function readSingle($: CheerioAPI, url: string): PostingDraft[] {
  const root = ($("main").length > 0 ? $("main").first() : $("body").first()).clone();
  root.find("header, footer, nav").not(":has(h1)").remove();
  const heading = root.find("h1").first();
  const title = oneLine(heading.text());
  const terms: Facts = {};
  for (const term of root.find("dl > dt")) {
    const name = factNamed($(term).text());
    const value = oneLine($(term).next("dd").text());
    if (name === undefined || value === "") continue;
    terms[name] = value;
    $(term).next("dd").remove();
    $(term).remove();
  }
  heading.remove();
  const { facts, rest } = takeFacts(linesOf(root));
  const all = { ...facts, ...terms };
  if (title === "" || Object.keys(all).length === 0) return [];
  return [{ title, url, ...all, description: rest.join("\n") }];
}

/** Where the title leads: its own link, or the one around it. */
function linkIn(part: Cheerio<PageNode>, url: string): string | undefined {
  const href = part.is("a") ? part.attr("href") : (part.find("a[href]").attr("href") ?? part.closest("a").attr("href"));
  return href !== undefined && /^(?!mailto:|javascript:)/i.test(href) && URL.canParse(href, url)
    ? new URL(href, url).href
    : undefined;
}

/** Lines that say more than the facts that were taken from them: not `Leeds | Full time`. */
function descriptionOf(lines: readonly string[], said: readonly string[]): string {
  return lines.filter((line) => /\p{L}/u.test(said.reduce((left, value) => left.replace(value, ""), line))).join("\n");
}
