// The links of a page.

import { load } from "cheerio";

/** The web addresses that `html`, found at `url`, links to: absolute, without fragments, each once, in order. */
export function pageLinks(html: string, url: string): string[] {
  const $ = load(html);
  const base = baseUrl($("base[href]").attr("href"), url);
  const links = new Set<string>();
  for (const element of $("a[href], area[href]")) {
    const link = resolveLink($(element).attr("href") ?? "", base);
    if (link !== undefined) links.add(link);
  }
  return [...links];
}

/** What relative links of the page at `url` start from, given its `<base href>`. */
export function baseUrl(href: string | undefined, url: string): string {
  return href !== undefined && URL.canParse(href, url) ? new URL(href, url).href : url;
}

/** `href` as an absolute web address without its fragment; undefined when it is none (`mailto:`, nonsense). */
export function resolveLink(href: string, base: string): string | undefined {
  if (!URL.canParse(href, base)) return undefined;
  const link = new URL(href, base);
  if (link.protocol !== "http:" && link.protocol !== "https:") return undefined;
  link.hash = "";
  return link.href;
}
