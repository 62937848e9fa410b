// The second step: what a page says, taken out of its HTML. Later steps see this and no HTML.

import { load } from "cheerio";
import type { CheerioAPI } from "cheerio";

import { baseUrl, resolveLink } from "../crawl/page-links.js";
import { mainText } from "./main-text.js";

export interface Heading {
  /** 1 to 6. */
  level: number;
  text: string;
}

/** A page as the analysis sees it. */
export interface PageDocument {
  url: string;
  /** Empty when the page has none. */
  title: string;
  description: string;
  /** The address the page says it should be known by. */
  canonical: string | undefined;
  /** Language of the page as it declares it, in lower case: `en`, `de-at`. */
  language: string | undefined;
  headings: Heading[];
  /** Absolute addresses the page links to, without fragments. */
  links: string[];
  images: number;
  /** Addresses of images without an `alt` attribute. An empty one is right for decoration. */
  imagesWithoutAlt: string[];
  /** Fragments that links of this page to itself name and that the page does not have. */
  missingAnchors: string[];
  /** Paragraphs and list items of the main part, without code, menus and headings. */
  paragraphs: string[];
  /** Words in the main part, headings included. */
  words: number;
}

/** Reads `html`, which was found at `url`. */
export function parsePage(html: string, url: string): PageDocument {
  const $ = load(html);
  const base = baseUrl($("base[href]").attr("href"), url);
  const hrefs = [...$("a[href]")].map((element) => $(element).attr("href") ?? "");
  const links = hrefs.map((href) => resolveLink(href, base)).filter((link) => link !== undefined);
  const images = [...$("img")].map((element) => $(element));
  const canonical = $('link[rel="canonical" i]').first().attr("href");
  return {
    url,
    title: plain($("head > title").first().text()),
    description: plain($('meta[name="description" i]').first().attr("content") ?? ""),
    canonical: canonical === undefined ? undefined : resolveLink(canonical, base),
    language: $("html").attr("lang")?.trim().toLowerCase() || undefined,
    headings: [...$("h1, h2, h3, h4, h5, h6")].map((element) => ({
      level: Number(element.name.slice(1)),
      text: plain($(element).text()),
    })),
    links: [...new Set(links)],
    images: images.length,
    imagesWithoutAlt: images
      .filter((image) => image.attr("alt") === undefined && image.attr("role") !== "presentation")
      .map((image) => image.attr("src") ?? ""),
    missingAnchors: missingAnchors($, hrefs, base, url),
    ...mainText(html),
  };
}

function missingAnchors($: CheerioAPI, hrefs: readonly string[], base: string, url: string): string[] {
  const names = new Set([...$("[id], a[name]")].flatMap((element) => [$(element).attr("id"), $(element).attr("name")]));
  const page = resolveLink(url, url);
  const fragments = hrefs.flatMap((href) => {
    if (!href.includes("#") || resolveLink(href, base) !== page) return [];
    return [decodeFragment(href.slice(href.indexOf("#") + 1))];
  });
  // An empty fragment and "top" mean the start of every page (HTML, "scrolling to a fragment").
  const isMissing = (name: string): boolean => name !== "" && name.toLowerCase() !== "top" && !names.has(name);
  return [...new Set(fragments.filter(isMissing))];
}

function decodeFragment(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

function plain(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
