// The prose of a page: what its author wrote for readers, without menus, code and the like.

import { load } from "cheerio";

export interface MainText {
  /** Paragraphs, list items and quotations, one string each. */
  paragraphs: string[];
  /** Words in all of it, headings and tables included. */
  words: number;
}

const notProse = "script, style, template, noscript, svg, iframe, form, button, nav, header, footer, aside, [hidden]";
const blocks = "p, li, blockquote, dd, figcaption";

/** The prose of the page's main part: `<main>`, else its only `<article>`, else its body. */
export function mainText(html: string): MainText {
  const $ = load(html);
  const articles = $("article");
  const main = $("main").first();
  const root = main.length > 0 ? main : articles.length === 1 ? articles : $("body");
  root.find(notProse).remove();
  // Words on either side of a line break or a cell are two words.
  root.find("br, td, th, pre, h1, h2, h3, h4, h5, h6, p, li, dt, dd, div").append(" ").prepend(" ");
  const words = wordCount(root.text());
  root.find("pre").remove();
  const paragraphs = [...root.find(blocks)]
    // A list item or a quotation that holds paragraphs is said by them.
    .filter((element) => $(element).find(blocks).length === 0)
    .map((element) => $(element).text().replace(/\s+/g, " ").trim())
    .filter((text) => text !== "");
  return { paragraphs, words };
}

function wordCount(text: string): number {
  return text.match(/[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu)?.length ?? 0;
}
