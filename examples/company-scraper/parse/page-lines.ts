// The text of a part of a page, as the lines that a reader sees.

import type { Cheerio, CheerioAPI } from "cheerio";

/** An element, a text or another part of a page. */
export type PageNode = ReturnType<Cheerio<never>["contents"]>[number];

const blocks = new Set(
  (
    "address article aside blockquote center dd details div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li " +
    "main nav ol p pre section table td th tr ul"
  ).split(" "),
);
/** As the DOM numbers it. */
const textNode = 3;
const unread = new Set(["script", "style", "button", "nav", "select", "textarea"]);

/** The lines of `part`, without empty ones: blocks and line breaks end a line. */
export function linesOf(part: Cheerio<PageNode>): string[] {
  const lines = [""];
  const add = (text: string): void => void (lines[lines.length - 1] += text);
  const end = (): void => void lines.push("");
  const read = (node: PageNode): void => {
    if (node.nodeType === textNode && "data" in node) return add(node.data);
    if (!("children" in node)) return;
    const name = "name" in node ? node.name : "";
    if (unread.has(name) || ("attribs" in node && "hidden" in node.attribs)) return;
    if (name === "br" || blocks.has(name)) end();
    for (const child of node.children) read(child);
    if (blocks.has(name)) end();
  };
  for (const node of part) read(node);
  return lines.map(oneLine).filter((line) => line !== "");
}

/** The lines of a fragment of HTML, such as a description inside of JSON. */
export function linesOfHtml($: CheerioAPI, html: string): string[] {
  return linesOf($("<div>").append($.parseHTML(html)));
}

/** `text` with all white space as single blanks. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
