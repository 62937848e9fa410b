// The command line of the example. A mistake in it is a UsageError, which main.ts prints together with the usage.

import { parseArgs } from "node:util";

export const usage = `Usage: npm run demo:scraper -- [options]

Scrapes the job postings of companies, in a pipeline of four background jobs for each, and stores them in SQLite. The
companies' websites are files of this example, served on loopback with 150 to 400 ms for each page. First the same work
is done one company after another, for comparison.

  --companies N       how many companies, 1 to 24 (default: 24)
  --url URL           engine: sqlite:FILE, redis://HOST:PORT or memory: (default: sqlite:.longshore/demo.db)
  --store FILE        database for the postings (default: .longshore/company-scraper/postings.db)
  --user ID           whose run it is (default: 42)
  --concurrency N     companies fetched at a time, 1 to 100 (default: 12)
  --no-ai             leave the stage ai_enhance out
  --no-sequential     leave the comparison out
  --no-workers        leave the work to workers that you start: longshore worker io_fetch …
  --json              print one line of JSON instead of the summary
  --help              show this text

Postings are enriched by the model that OPENAI_BASE_URL and OPENAI_MODEL name, with OPENAI_API_KEY if it needs one; by
text analysis on this machine if they are not set.
`;

export interface Settings {
  companies: number;
  /** The engine. */
  url: string;
  store: string;
  userId: string;
  concurrency: number;
  enhance: boolean;
  sequential: boolean;
  workers: boolean;
  json: boolean;
  help: boolean;
}

/** A command line that cannot be understood. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const options = {
  companies: { type: "string" },
  url: { type: "string" },
  store: { type: "string" },
  user: { type: "string" },
  concurrency: { type: "string" },
  "no-ai": { type: "boolean" },
  "no-sequential": { type: "boolean" },
  "no-workers": { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/**
 * What `args`, without node and script, ask for.
 *
 * @throws {UsageError} for an unknown option, a missing or bad value, or options that exclude each other.
 */
export function parseArguments(args: readonly string[]): Settings {
  const values = parseOptions(args);
  const { url = "sqlite:.longshore/demo.db", user = "42" } = values;
  const workers = values["no-workers"] !== true;
  if (!workers && url.startsWith("memory:")) {
    throw new UsageError("--no-workers: jobs in memory cannot be reached by other processes");
  }
  if (!/^[\w.@-]{1,100}$/.test(user)) {
    throw new UsageError(`--user: ${JSON.stringify(user)} is not 1 to 100 letters, digits, or . @ _ -`);
  }
  return {
    companies: wholeNumber("--companies", values.companies ?? "24", 24),
    url,
    store: values.store ?? ".longshore/company-scraper/postings.db",
    userId: user,
    concurrency: wholeNumber("--concurrency", values.concurrency ?? "12", 100),
    enhance: values["no-ai"] !== true,
    sequential: values["no-sequential"] !== true,
    workers,
    json: values.json ?? false,
    help: values.help ?? false,
  };
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(option: string, value: string, most: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw new UsageError(`${option}: "${value}" is not a whole number from 1 to ${most}`);
}
