// Why a fetch gave no page. The codes are the error states of a scan: ERROR_VALIDATION for an address that must not
// be fetched, which no further attempt changes, and ERROR_CRAWL for everything that goes wrong on the way. Messages
// show addresses without credentials and on one line, because they end up in logs and terminals.

import { LongshoreError, NonRetryable } from "longshore";

import { printable } from "../printable.js";

/** The URL, an address it leads to, or a redirect breaks a rule. Nothing was sent to it; trying again cannot help. */
export class UrlRefused extends NonRetryable {
  /** The URL without credentials, shortened. */
  readonly url: string;
  /** The rule it breaks. */
  readonly rule: string;

  constructor(url: string, rule: string, options?: ErrorOptions) {
    const shown = shownUrl(url);
    super(`url: ${JSON.stringify(shown)} is not allowed: ${rule}`, { ...options, code: "ERROR_VALIDATION" });
    this.url = shown;
    this.rule = rule;
  }
}

/** What kept a page from being fetched. */
export type CrawlFailureReason = "lookup" | "connection" | "timeout" | "status";

/**
 * A page could not be fetched, for a reason that may pass. With an HTTP status it carries `status` and `headers`, from
 * which Longshore decides whether and when another attempt is worth it: a 404 is final, a 503 with `Retry-After` waits.
 */
export class CrawlFailed extends LongshoreError {
  readonly reason: CrawlFailureReason;
  /** The HTTP status, when the server gave one. */
  readonly status: number | undefined;
  /** The response's headers, when there was a response. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    reason: CrawlFailureReason,
    url: string,
    why: string,
    options: ErrorOptions & { status?: number; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super("ERROR_CRAWL", `${shownUrl(url)}: ${why}`, options);
    this.reason = reason;
    this.status = options.status;
    this.headers = options.headers ?? {};
  }
}

/** What about a response makes it useless. */
export type RejectionReason = "redirects" | "content-type" | "size" | "encoding";

/** The server answered, but with something that is not scanned; it would do so again. */
export class PageRejected extends NonRetryable {
  readonly reason: RejectionReason;

  constructor(reason: RejectionReason, url: string, why: string) {
    super(`${shownUrl(url)}: ${why}`, { code: "ERROR_CRAWL" });
    this.reason = reason;
  }
}

const longestShown = 200;

/** `url` as a message may show it: credentials left out, control characters escaped, at most 200 characters. */
export function shownUrl(url: string): string {
  // Everything up to the last @ before the path can hold a password, also where the rest cannot be parsed.
  const bare = url.replace(/^([^/?#]*[/\\]{2,})[^/?#\\]*@/, "$1");
  const line = printable(bare);
  return line.length > longestShown ? `${line.slice(0, longestShown - 1)}…` : line;
}
