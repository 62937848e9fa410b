// The command line of the site scan.

import { expect, test } from "vitest";

import { UsageError, parseArguments, usage } from "../../../examples/site-scan/arguments.js";

test("without arguments the documentation is scanned, on SQLite", () => {
  expect(parseArguments([])).toEqual({
    sites: [],
    url: "sqlite:.longshore/demo.db",
    maxPages: 10,
    pageJobs: false,
    anonymous: false,
    concurrency: 3,
    out: "scan-reports",
    ttlSeconds: 86_400,
    json: false,
    help: false,
  });
});

test("every option is understood, and what is none is a site", () => {
  const args =
    "https://a.example --url memory: --max-pages 50 --anonymous --concurrency 9 --out r --json -h http://b.example";
  expect(parseArguments(args.split(" "))).toEqual({
    sites: ["https://a.example", "http://b.example"],
    url: "memory:",
    maxPages: 50,
    pageJobs: false,
    anonymous: true,
    concurrency: 9,
    out: "r",
    ttlSeconds: 86_400,
    json: true,
    help: true,
  });
});

test("--pages has each page scanned in a job of its own", () => {
  expect(parseArguments(["--pages", "20"])).toMatchObject({ maxPages: 20, pageJobs: true });
  expect(() => parseArguments(["--pages", "20", "--max-pages", "20"])).toThrow("--pages: it takes the place of");
});

test("how long scans are kept is said by the environment", () => {
  expect(parseArguments([], { SCAN_JOB_TTL_SECONDS: "3600" }).ttlSeconds).toBe(3_600);
  expect(parseArguments([], { SCAN_JOB_TTL_SECONDS: "" }).ttlSeconds).toBe(86_400);
  for (const wrong of ["0", "1.5", "a day", "-1"]) {
    const parse = (): unknown => parseArguments([], { SCAN_JOB_TTL_SECONDS: wrong });
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(`SCAN_JOB_TTL_SECONDS: "${wrong}" is not a whole number from 1`);
  }
});

test.each([
  [["--nonsense"], "--nonsense"],
  [["--out"], "--out"],
  [["--max-pages", "0"], '--max-pages: "0" is not a whole number from 1 to 50'],
  [["--max-pages", "51"], '"51"'],
  [["--pages", "51"], '--pages: "51" is not a whole number from 1 to 50'],
  [["--max-pages", "many"], '"many"'],
  [["--concurrency", "1.5"], '--concurrency: "1.5" is not a whole number from 1 to 100'],
  [["--url", "https://example.org/"], "is a site; --url names the engine"],
])("%j is a mistake", (args, message) => {
  expect(() => parseArguments(args)).toThrow(UsageError);
  expect(() => parseArguments(args)).toThrow(message);
});

test("the usage has every option and its default", () => {
  const options = ["--url", "--max-pages", "--pages", "--anonymous", "--concurrency", "--out", "--json", "--help"];
  for (const option of [...options, "SCAN_JOB_TTL_SECONDS"]) expect(usage).toContain(option);
});
