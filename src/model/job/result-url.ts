/**
 * Where people see the result of a job: a template of a task, such as `/reports/{input.siteId}`, whose parts are taken from the
 * job when its address is asked for. Only paths and http(s) addresses whose host stands in the template: what a job carries
 * can neither choose another host nor climb out of its folder.
 */
import { InvalidInput } from "../errors/errors.js";
import { takeAt } from "../value/path.js";

/** The most characters of a template, and of an address made from it. */
const LONGEST_TEMPLATE = 500;
const LONGEST_URL = 4_000;
const RULE =
  "a path (/reports/{id}) or an http(s) URL of up to 500 characters, with parts {id}, {queue}, {input.a.b} or {result.a.b} behind the host";

const START = /^(?:\/(?![/\\])|https?:\/\/[^/?#{}\\@]+(?:[/?#]|$))/i;
const PART = /\{([^{}]*)\}/g;
const PLACE = /^(?:id|queue|(?:input|result)(?:\.[^.\s{}]+)+)$/;
// Blanks and control characters do not belong into an address, and a backslash is a slash to browsers.
const FOREIGN = /[\s\p{Cc}\p{Cs}\\]/u;
const CLIMBS = /^(?:\.|%2e){1,2}$/i;

/** The part of a job that a template may take parts of. */
export interface JobWithResult {
  readonly id: string;
  readonly queue: string;
  readonly input: unknown;
  readonly result: unknown;
}

/** Checks a template. @throws InvalidInput */
export function parseResultUrl(field: string, value: unknown): string {
  if (!isTemplate(value)) throw new InvalidInput(field, value, RULE);
  return value;
}

function isTemplate(text: unknown): text is string {
  if (typeof text !== "string" || text.length > LONGEST_TEMPLATE || FOREIGN.test(text) || !START.test(text))
    return false;
  if ([...text.matchAll(PART)].some(([, place = ""]) => !PLACE.test(place))) return false;
  const rest = text.replace(PART, "x");
  return !/[{}]/.test(rest) && URL.canParse(rest, "http://host.invalid") && !climbs(rest);
}

/**
 * The address of a job's result: the template of its task (`task.resultUrl`, or that of a worker in `longshore.workers()`) with its
 * parts filled in, each encoded for a URL. `null` when a part is missing, is neither text nor a number nor true or false, or
 * would lead elsewhere, as `..` would; also for a template that `task()` refuses.
 * @example resultUrl("/reports/{input.siteId}", await job.refresh()) // "/reports/a%2Fb"
 */
export function resultUrl(template: string, job: JobWithResult): string | null {
  if (!isTemplate(template)) return null;
  let complete = true;
  const url = template.replace(PART, (_all, place: string) => {
    const part = encoded(valueAt(job, place));
    complete &&= part !== null;
    return part ?? "";
  });
  return complete && url.length <= LONGEST_URL && !climbs(url) ? url : null;
}

function valueAt({ id, queue, input, result }: JobWithResult, place: string): unknown {
  const [root, ...keys] = place.split(".");
  if (root === "id") return id;
  if (root === "queue") return queue;
  return takeAt(root === "input" ? input : result, keys)?.value;
}

function encoded(value: unknown): string | null {
  const isPart = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  if (!isPart || value === "") return null;
  try {
    return encodeURIComponent(value);
  } catch {
    // Half of a surrogate pair.
    return null;
  }
}

/** Has its path a segment that browsers take for "here" or "the folder above"? */
function climbs(url: string): boolean {
  const [path = ""] = url.split(/[?#]/);
  return path.split("/").some((segment) => CLIMBS.test(segment));
}
