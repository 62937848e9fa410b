// The websites that the example scrapes: the files of `sites/`, one folder for each company, served on loopback under
// the companies' own host names. The names end in `.example`, which no real host does (RFC 2606), and are resolved by
// the fetcher that `fetching` describes, so the scraper sees as many hosts as there are companies. Every request takes
// as long as one over the internet might: 150 to 400 ms, always the same for the same page.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join, sep } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { z } from "zod";

import { listenOnLoopback } from "../../loopback.js";
import type { SafeFetchOptions } from "../../site-scan/safe-fetch/safe-fetch.js";
import type { Company } from "../company.js";

/** How long answers take, in milliseconds. */
export interface Latency {
  least: number;
  most: number;
}

export interface CompanySites {
  companies: Company[];
  port: number;
  /** What a `SafeFetch` needs to reach them. */
  fetching: Pick<SafeFetchOptions, "trustedOrigins" | "lookup">;
  close: () => Promise<void>;
}

export interface CompanySitesOptions {
  /** Where to listen, when that is free. Default: anywhere. */
  port?: number;
  /** Default: 150 to 400 ms. */
  latency?: Latency;
}

const usualLatency: Latency = { least: 150, most: 400 };

const listed = z.array(
  z.object({
    slug: z.string(),
    name: z.string(),
    /** The path at which its list of postings begins. */
    start: z.string(),
    /** Its server is too busy for the first request, and asks to come back after a second. */
    unavailableOnce: z.boolean().default(false),
  }),
);

/** Serves the websites of all companies. */
export async function serveCompanies(options: CompanySitesOptions = {}): Promise<CompanySites> {
  const { port: wanted = 0, latency = usualLatency } = options;
  const [companies, pages] = await Promise.all([listedCompanies(), readPages()]);
  const busy = new Set(companies.filter(({ unavailableOnce }) => unavailableOnce).map(({ slug }) => hostOf(slug)));
  const closing = new AbortController();

  const server = createServer((request, response) => {
    const host = (request.headers.host ?? "").replace(/:\d+$/, "");
    const address = host + (request.url ?? "/");
    const answer = (): void => {
      const html = pages.get(address);
      if (busy.delete(host)) response.writeHead(503, { "retry-after": "1" }).end("Please come back in a second.\n");
      else if (html === undefined) response.writeHead(404).end("There is no such page.\n");
      else response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(html);
    };
    // A server that closes answers no request any more.
    pause(latencyOf(address, latency), undefined, { signal: closing.signal }).then(answer, () => {});
  });
  const { port, close } = await listenOnLoopback(server, wanted);
  return {
    companies: companies.map(({ slug, name, start }) => ({
      slug,
      name,
      url: `http://${hostOf(slug)}:${port}${start}`,
    })),
    port,
    fetching: fetchingAt(
      port,
      companies.map(({ slug }) => slug),
    ),
    close: () => {
      closing.abort();
      return close();
    },
  };
}

/** What a `SafeFetch` in any process needs to reach the websites that are served at `port`. */
export async function fetchingFrom(port: number): Promise<CompanySites["fetching"]> {
  return fetchingAt(
    port,
    (await listedCompanies()).map(({ slug }) => slug),
  );
}

function fetchingAt(port: number, slugs: readonly string[]): CompanySites["fetching"] {
  const hosts = new Set(slugs.map(hostOf));
  return {
    trustedOrigins: [...hosts].map((host) => `${host}:${port}`),
    lookup: (host) => Promise.resolve(hosts.has(host) ? ["127.0.0.1"] : []),
  };
}

function hostOf(slug: string): string {
  return `${slug}.example`;
}

function latencyOf(address: string, { least, most }: Latency): number {
  const chance = createHash("sha256").update(address).digest().readUInt32BE() / 2 ** 32;
  return least + Math.round(chance * (most - least));
}

async function listedCompanies(): Promise<z.output<typeof listed>> {
  return listed.parse(JSON.parse(await readFile(join(sitesFolder(), "companies.json"), "utf8")));
}

/** The pages by host, path and query. `index@page=2.html` is what `?page=2` of its folder shows. */
async function readPages(): Promise<Map<string, string>> {
  const folder = sitesFolder();
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(".html"));
  return new Map(
    await Promise.all(
      files.map(async (file): Promise<[string, string]> => {
        const [slug = "", ...path] = file.split(sep);
        const address = path
          .join("/")
          .replace(/(^|\/)index(?:@(.+))?\.html$/, (_all, start: string, query?: string) => {
            return start + (query === undefined ? "" : `?${query}`);
          });
        return [`${hostOf(slug)}/${address}`, await readFile(join(folder, file), "utf8")];
      }),
    ),
  );
}

/** The folder next to the source of this example, also when the compiled example runs from a build folder. */
function sitesFolder(): string {
  const path = join("examples", "company-scraper", "sites");
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, path)) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, path);
}
