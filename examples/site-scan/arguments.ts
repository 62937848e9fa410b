// The command line of the example: which sites, which engine, how many at a time, how deep. A mistake in it is a
// UsageError, which main.ts prints together with the usage. Whether a site may be scanned is not decided here: that is
// the first thing its job does.

import { parseArgs } from "node:util";

export const usage = `Usage: npm run demo:site-scan -- [options] [SITE …]

Scans websites, one background job for each, and writes a report on each. A SITE is a public http or https URL;
without any, this repository's documentation is rendered, served on loopback and scanned.

  --url URL           engine: sqlite:FILE, redis://HOST:PORT or memory: (default: sqlite:.longshore/demo.db)
  --max-pages N       pages to read of each site, one after another, 1 to 50 (default: 10)
  --pages N           instead: pages to read of each site, each in a job of its own, joined into one report
  --anonymous         scan as a visitor without an account, who gets 3 pages of each site
  --concurrency N     scans at a time, and with --pages pages, 1 to 100 (default: 3)
  --out FOLDER        where to write the reports (default: scan-reports)
  --json              print one line of JSON for each site instead of the summary
  --help              show this text

A scan is removed, with all that it left but its report, when it is older than SCAN_JOB_TTL_SECONDS (default: 86400).
`;

export interface Settings {
  /** Empty for the documentation of this repository. */
  sites: string[];
  /** The engine. */
  url: string;
  maxPages: number;
  /** Whether each page is scanned in a job of its own. */
  pageJobs: boolean;
  anonymous: boolean;
  concurrency: number;
  out: string;
  /** How long scans are kept. */
  ttlSeconds: number;
  json: boolean;
  help: boolean;
}

/** A command line that cannot be understood. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * What `args`, without node and script, and the environment ask for.
 *
 * @throws {UsageError} for an unknown option, a missing or bad value, or options that exclude each other.
 */
export function parseArguments(args: readonly string[], env: Readonly<NodeJS.ProcessEnv> = {}): Settings {
  const { values, positionals } = parseOptions(args);
  if (values.url !== undefined && /^https?:/i.test(values.url)) {
    throw new UsageError(`--url: "${values.url}" is a site; --url names the engine, and sites come without an option`);
  }
  if (values.pages !== undefined && values["max-pages"] !== undefined) {
    throw new UsageError("--pages: it takes the place of --max-pages; give one of them");
  }
  return {
    sites: positionals,
    url: values.url ?? "sqlite:.longshore/demo.db",
    maxPages:
      values.pages === undefined
        ? wholeNumber("--max-pages", values["max-pages"] ?? "10", 50)
        : wholeNumber("--pages", values.pages, 50),
    pageJobs: values.pages !== undefined,
    anonymous: values.anonymous ?? false,
    concurrency: wholeNumber("--concurrency", values.concurrency ?? "3", 100),
    out: values.out ?? "scan-reports",
    ttlSeconds: wholeNumber("SCAN_JOB_TTL_SECONDS", env["SCAN_JOB_TTL_SECONDS"] || usualTtlSeconds, mostTtlSeconds),
    json: values.json ?? false,
    help: values.help ?? false,
  };
}

const usualTtlSeconds = "86400";
/** A year. */
const mostTtlSeconds = 31_536_000;

interface Options {
  url?: string | undefined;
  "max-pages"?: string | undefined;
  pages?: string | undefined;
  anonymous?: boolean | undefined;
  concurrency?: string | undefined;
  out?: string | undefined;
  json?: boolean | undefined;
  help?: boolean | undefined;
}

function parseOptions(args: readonly string[]): { values: Options; positionals: string[] } {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        url: { type: "string" },
        "max-pages": { type: "string" },
        pages: { type: "string" },
        anonymous: { type: "boolean" },
        concurrency: { type: "string" },
        out: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(option: string, value: string, most: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw new UsageError(`${option}: "${value}" is not a whole number from 1 to ${most}`);
}
