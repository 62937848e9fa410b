// The command line of the example: which file, which engine, how many worker slots, which analysers. A mistake
// in it is a UsageError, which main.ts prints together with the usage.

import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { UnknownAnalyser, selectAnalysers } from "./analysers/registry.js";
import { analyserCodes } from "./finding.js";
import type { AnalyserCode } from "./finding.js";

export const usage = `Usage: npm run demo -- [options]

Analyses a list of requirements, one background job for each, and writes a report.

  --file FILE         CSV file with a "text" column (default: the requirements shipped with the example)
  --url URL           engine: sqlite:FILE, redis://HOST:PORT or memory: (default: sqlite:.longshore/demo.db)
  --analysers CODES   comma-separated codes (default: ${analyserCodes.join(",")})
  --concurrency N     worker slots, 1 to 100 (default: 5)
  --out FILE          where to write the report (default: demo-report.md)
  --json              print one line of JSON instead of the summary
  --help              show this text
`;

export interface Settings {
  file: string;
  url: string;
  /** Analyser codes in upper case. */
  analysers: AnalyserCode[];
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
 * @throws {UsageError} for an unknown option, a missing or bad value, or an unknown analyser.
 */
export function parseArguments(args: readonly string[]): Settings {
  const values = parseOptions(args);
  return {
    file: values.file ?? shippedRequirements(),
    url: values.url ?? "sqlite:.longshore/demo.db",
    analysers: parseCodes(values.analysers),
    concurrency: parseConcurrency(values.concurrency),
    out: values.out ?? "demo-report.md",
    json: values.json ?? false,
    help: values.help ?? false,
  };
}

interface Options {
  file?: string | undefined;
  url?: string | undefined;
  analysers?: string | undefined;
  concurrency?: string | undefined;
  out?: string | undefined;
  json?: boolean | undefined;
  help?: boolean | undefined;
}

function parseOptions(args: readonly string[]): Options {
  try {
    return parseArgs({
      args: [...args],
      options: {
        file: { type: "string" },
        url: { type: "string" },
        analysers: { type: "string" },
        concurrency: { type: "string" },
        out: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function parseCodes(codes: string | undefined): AnalyserCode[] {
  if (codes === undefined) return [...analyserCodes];
  try {
    return selectAnalysers(codes.split(",")).map(({ code }) => code);
  } catch (error) {
    if (error instanceof UnknownAnalyser) throw new UsageError(`--analysers: ${error.message}`);
    throw error;
  }
}

function parseConcurrency(value = "5"): number {
  const concurrency = Number(value);
  if (Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 100) return concurrency;
  throw new UsageError(`--concurrency: "${value}" is not a whole number from 1 to 100`);
}

/** The CSV file next to the source of this example, also when the compiled example runs from a build folder. */
function shippedRequirements(): string {
  const path = join("examples", "requirements-analysis", "requirements.csv");
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, path)) && dirname(folder) !== folder) folder = dirname(folder);
  const file = relative(process.cwd(), join(folder, path));
  return file.startsWith("..") ? join(folder, path) : file;
}
