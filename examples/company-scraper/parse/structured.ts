// Postings that a page states for machines, as schema.org's JobPosting: in JSON-LD or in microdata.

import type { CheerioAPI } from "cheerio";

import { takeFacts } from "./facts.js";
import { linesOf, linesOfHtml, oneLine } from "./page-lines.js";
import type { PostingDraft } from "./posting.js";

type Thing = Readonly<Record<string, unknown>>;

/** The postings in the JSON-LD of a page. A script that is no JSON is passed over. */
export function readJsonLd($: CheerioAPI, url: string): PostingDraft[] {
  return [...$('script[type="application/ld+json" i]')]
    .flatMap((element) => things(parseJson($(element).text())))
    .filter(isPosting)
    .flatMap((thing) => {
      const title = text($, thing["title"] ?? thing["name"]);
      if (title === null) return [];
      const link = stringOf(thing["url"]);
      return {
        title,
        url: link !== null && URL.canParse(link, url) ? new URL(link, url).href : url,
        reference: identifier(thing["identifier"]),
        location: locationOf(thing),
        employmentType: employmentType(thing["employmentType"]),
        pay: payOf(thing["baseSalary"]),
        postedOn: stringOf(thing["datePosted"]),
        description: linesOfHtml($, stringOf(thing["description"]) ?? "").join("\n"),
      };
    });
}

/** The postings in the microdata of a page. */
export function readMicrodata($: CheerioAPI, url: string): PostingDraft[] {
  return [...$('[itemtype$="schema.org/JobPosting" i]')].flatMap((element) => {
    const property = (name: string): string | null => {
      const holder = $(element).find(`[itemprop="${name}"]`).first();
      return oneLine(holder.attr("content") ?? holder.text()) || null;
    };
    const title = property("title") ?? property("name");
    if (title === null) return [];
    return {
      title,
      url: $(element).attr("id") === undefined ? url : new URL(`#${$(element).attr("id")}`, url).href,
      reference: property("identifier"),
      location: property("addressLocality") ?? property("jobLocation"),
      employmentType: property("employmentType"),
      pay: property("baseSalary"),
      postedOn: property("datePosted"),
      description: takeFacts(linesOf($(element).find('[itemprop="description"]').first())).rest.join("\n"),
    };
  });
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** All objects in `value`, however it nests them: in lists, graphs or lists of items. */
function things(value: unknown): Thing[] {
  if (Array.isArray(value)) return value.flatMap(things);
  if (!isThing(value)) return [];
  return [value, ...things(value["@graph"]), ...things(value["itemListElement"]), ...things(value["item"])];
}

function isThing(value: unknown): value is Thing {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPosting(thing: Thing): boolean {
  return [thing["@type"]].flat().includes("JobPosting");
}

function stringOf(value: unknown): string | null {
  const given: unknown = typeof value === "number" ? String(value) : value;
  return typeof given === "string" && given.trim() !== "" ? oneLine(given) : null;
}

/** Text in which a page may have written entities or tags. */
function text($: CheerioAPI, value: unknown): string | null {
  return linesOfHtml($, stringOf(value) ?? "").join(" ") || null;
}

function identifier(value: unknown): string | null {
  return isThing(value) ? stringOf(value["value"]) : stringOf(value);
}

function locationOf(thing: Thing): string | null {
  const places = [thing["jobLocation"]].flat().map((place) => {
    const address = isThing(place) ? (place["address"] ?? place["name"]) : place;
    return isThing(address) ? stringOf(address["addressLocality"] ?? address["addressRegion"]) : stringOf(address);
  });
  const named = places.filter((place) => place !== null);
  if (named.length > 0) return named.join(", ");
  if (thing["jobLocationType"] !== "TELECOMMUTE") return null;
  const within = [thing["applicantLocationRequirements"]]
    .flat()
    .map((area) => (isThing(area) ? stringOf(area["name"]) : null));
  const areas = within.filter((area) => area !== null);
  return areas.length === 0 ? "Remote" : `Remote (${areas.join(", ")})`;
}

function employmentType(value: unknown): string | null {
  const words = [value]
    .flat()
    .map(stringOf)
    .filter((word) => word !== null);
  return (
    words
      .map((word) => word.replaceAll("_", " ").toLowerCase())
      .map(capitalised)
      .join(", ") || null
  );
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** A `MonetaryAmount` in words: `EUR 48000-60000 per year`. */
function payOf(value: unknown): string | null {
  if (!isThing(value)) return stringOf(value);
  const currency = stringOf(value["currency"]);
  const amount = isThing(value["value"]) ? value["value"] : value;
  const least = stringOf(amount["minValue"] ?? amount["value"]);
  const most = stringOf(amount["maxValue"]);
  const sum = [...new Set([least, most])].filter((bound) => bound !== null).join("-");
  if (sum === "") return null;
  const bound = least === null ? "up to " : "";
  const unit = stringOf(amount["unitText"])?.toLowerCase();
  return `${bound}${currency === null ? "" : `${currency} `}${sum}${unit === undefined ? "" : ` per ${unit}`}`;
}
