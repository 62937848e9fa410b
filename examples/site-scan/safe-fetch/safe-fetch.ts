// Fetches a page that others chose without being led into the network this process runs in. Every URL,
// redirects included, is checked before it is used (target.ts) and every connection when it is made (connector.ts);
// time, size, redirects and content types are bounded. Connections are never shared with other code, and proxies that
// the environment names are not used, because either would go round the checks.

import { Agent, Headers, fetch } from "undici";
import type { Response } from "undici";

import { readBody } from "./body.js";
import { guardedConnector } from "./connector.js";
import type { Dial, Lookup } from "./connector.js";
import { CrawlFailed, PageRejected, UrlRefused } from "./errors.js";
import { FetchPolicy } from "./fetch-policy.js";
import type { FetchPolicyOptions } from "./fetch-policy.js";
import { parseTarget } from "./target.js";

export interface SafeFetchOptions extends FetchPolicyOptions {
  /** Milliseconds for a page with all its redirects. Default 20,000. */
  deadline?: number;
  /** Largest page in bytes after decompression. Default 5 MiB. */
  maxBytes?: number;
  /** Content types that are read. Default HTML and XHTML. */
  contentTypes?: readonly string[];
  /** How names are resolved. Default: as the system does. */
  lookup?: Lookup;
  /** How a connection to an address is opened. Default: directly. */
  dial?: Dial;
}

export interface PageRequest {
  /** Ends the fetch early; it then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Headers to send. `authorization`, `cookie` and `proxy-authorization` are dropped when a redirect leaves the origin. */
  headers?: Readonly<Record<string, string>>;
}

/** A page as it was received. */
export interface FetchedPage {
  /** Where it was found in the end. */
  url: string;
  status: number;
  headers: Readonly<Record<string, string>>;
  text: string;
  /** Bytes after decompression. */
  size: number;
  /** SHA-256 of those bytes in hexadecimal. */
  sha256: string;
  /** Milliseconds from the request that was answered with the page to its last byte. */
  elapsedMs: number;
  /** URLs that redirected, in order. */
  redirects: string[];
}

const maxRedirects = 5;
/** Connections to one host at a time. */
const connectionsPerHost = 2;
const secretHeaders = ["authorization", "cookie", "proxy-authorization"];
const userAgent = "longshore-site-scan/1.0";

/**
 * A fetcher with connections of its own; close it after use.
 *
 * @example
 * const pages = new SafeFetch();
 * const { text, sha256 } = await pages.get("https://example.org/");
 * await pages.close();
 */
export class SafeFetch {
  readonly #policy: FetchPolicy;
  readonly #agent: Agent;
  readonly #deadline: number;
  readonly #maxBytes: number;
  readonly #contentTypes: ReadonlySet<string>;

  /** @throws {InvalidInput} when a trusted origin or a port is not one. */
  constructor({
    deadline = 20_000,
    maxBytes = 5 * 1_024 * 1_024,
    contentTypes = ["text/html", "application/xhtml+xml"],
    lookup,
    dial,
    ...policy
  }: SafeFetchOptions = {}) {
    this.#policy = new FetchPolicy(policy);
    this.#deadline = deadline;
    this.#maxBytes = maxBytes;
    this.#contentTypes = new Set(contentTypes);
    this.#agent = new Agent({
      connect: guardedConnector(this.#policy, lookup, dial),
      connections: connectionsPerHost,
      headersTimeout: deadline,
      bodyTimeout: deadline,
    });
  }

  /**
   * Checks `url` as a fetch would before it touches the network.
   *
   * @throws {UrlRefused}
   */
  check(url: string): URL {
    return parseTarget(url, this.#policy);
  }

  /**
   * Fetches a page.
   *
   * @throws {UrlRefused} when the URL, its host's addresses or a redirect are not allowed.
   * @throws {CrawlFailed} when the host cannot be reached, answers with an HTTP error or not in time.
   * @throws {PageRejected} when the answer is no page: wrong content type, too large, too many redirects.
   */
  async get(url: string, { signal, headers = {} }: PageRequest = {}): Promise<FetchedPage> {
    const deadline = AbortSignal.timeout(this.#deadline);
    const ended = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
    try {
      ended.throwIfAborted();
      return await this.#follow(this.check(url), headers, ended);
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      if (deadline.aborted) throw new CrawlFailed("timeout", url, `no page within ${this.#deadline} ms`);
      throw plainError(error, url);
    }
  }

  /** Closes all connections; fetches under way fail. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #follow(start: URL, given: Readonly<Record<string, string>>, signal: AbortSignal): Promise<FetchedPage> {
    const headers = new Headers({ accept: [...this.#contentTypes].join(", "), "user-agent": userAgent, ...given });
    const redirects: string[] = [];
    let target = start;
    for (;;) {
      const sentAt = performance.now();
      const response = await fetch(target.href, { dispatcher: this.#agent, redirect: "manual", headers, signal });
      const next = this.#redirect(response, target);
      if (next === undefined) {
        const body = await this.#read(response, target);
        return { url: target.href, ...body, elapsedMs: Math.round(performance.now() - sentAt), redirects };
      }
      await response.body?.cancel();
      redirects.push(target.href);
      if (redirects.length > maxRedirects) {
        throw new PageRejected("redirects", start.href, `more than ${maxRedirects} redirects`);
      }
      if (next.origin !== target.origin) for (const name of secretHeaders) headers.delete(name);
      target = next;
    }
  }

  /** Where `response` sends us, checked like every URL; undefined when it is no redirect. */
  #redirect(response: Response, from: URL): URL | undefined {
    const location = response.headers.get("location");
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return undefined;
    return this.check(URL.canParse(location, from.href) ? new URL(location, from.href).href : location);
  }

  async #read(response: Response, { href }: URL): Promise<Omit<FetchedPage, "url" | "elapsedMs" | "redirects">> {
    const { status } = response;
    const headers = Object.fromEntries(response.headers);
    if (!response.ok) {
      await response.body?.cancel();
      throw new CrawlFailed("status", href, `HTTP status ${status}`, { status, headers });
    }
    const type = (headers["content-type"] ?? "").replace(/;.*$/s, "").trim().toLowerCase();
    if (!this.#contentTypes.has(type)) {
      await response.body?.cancel();
      throw new PageRejected(
        "content-type",
        href,
        `the content type is ${type === "" ? "missing" : JSON.stringify(type)}`,
      );
    }
    return { status, headers, ...(await readBody(response, href, this.#maxBytes)) };
  }
}

/** The error behind undici's "fetch failed": ours where the connector threw it, else a failed connection. */
function plainError(error: unknown, url: string): unknown {
  if (isOurs(error)) return error;
  const cause = error instanceof Error ? error.cause : undefined;
  if (isOurs(cause)) return cause;
  const why = cause instanceof Error ? cause.message : error instanceof Error ? error.message : String(error);
  return new CrawlFailed("connection", url, why === "" ? "the connection failed" : why, { cause: error });
}

function isOurs(error: unknown): boolean {
  return error instanceof UrlRefused || error instanceof CrawlFailed || error instanceof PageRejected;
}
