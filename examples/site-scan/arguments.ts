// The command line of the example: which sites, which engine, how many at a time, how deep. A mistake in it is a
// UsageError, which main.ts prints together with the usage. Whether a site may be scanned is not decided here: that is
// the first thing its job does.

import { parseArgs } from "node:util";

export const usage = `Usage: npm run demo:site-scan -- [options] [SITE …]

Scans websites, one background job for each, and writes a report on each. A SITE is a public http or https URL;
without any, this repository's documentation is rendered, served on loopback and scanned.

  --url URL           engine: sqlite:FILE, redis://HOST:PORT or memory: (default: sqlite:.longshore/demo.db)
  --max-pages N       pages to read of each site, 1 to 50 (default: 10)
  --anonymous         scan as a visitor without an account, who gets 3 pages of each site
  --concurrency N     scans at a time, 1 to 100 (default: 3)
  --out FOLDER        where to write the reports (default: scan-reports)
  --json              print one line of JSON for each site instead of the summary
  --help              show this text
`;

export interface Settings {
  /** Empty for the documentation of this repository. */
  sites: string[];
  /** The engine. */
  url: string;
  maxPages: number;
  anonymous: boolean;
  concurrency: number;
  out: string;
  json: boolean;
  help: boolean;
}

/** A command line that cannot be understood. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * What `args`, without node and script, ask for.
 *
 * @throws {UsageError} for an unknown option, or a missing or bad value.
 */
export function parseArguments(args: readonly string[]): Settings {
  const { values, positionals } = parseOptions(args);
  if (values.url !== undefined && /^https?:/i.test(values.url)) {
    throw new UsageError(`--url: "${values.url}" is a site; --url names the engine, and sites come without an option`);
  }
  return {
    sites: positionals,
    url: values.url ?? "sqlite:.longshore/demo.db",
    maxPages: wholeNumber("--max-pages", values["max-pages"] ?? "10", 50),
    anonymous: values.anonymous ?? false,
    concurrency: wholeNumber("--concurrency", values.concurrency ?? "3", 100),
    out: values.out ?? "scan-reports",
    json: values.json ?? false,
    help: values.help ?? false,
  };
}

interface Options {
  url?: string | undefined;
  "max-pages"?: string | undefined;
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
