// The command line of the site scan.

import { expect, test } from "vitest";

import { UsageError, parseArguments, usage } from "../../../examples/site-scan/arguments.js";

test("without arguments the documentation is scanned, on SQLite", () => {
  expect(parseArguments([])).toEqual({
    sites: [],
    url: "sqlite:.longshore/demo.db",
    maxPages: 10,
    anonymous: false,
    concurrency: 3,
    out: "scan-reports",
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
    anonymous: true,
    concurrency: 9,
    out: "r",
    json: true,
    help: true,
  });
});

test.each([
  [["--nonsense"], "--nonsense"],
  [["--out"], "--out"],
  [["--max-pages", "0"], '--max-pages: "0" is not a whole number from 1 to 50'],
  [["--max-pages", "51"], '"51"'],
  [["--max-pages", "many"], '"many"'],
  [["--concurrency", "1.5"], '--concurrency: "1.5" is not a whole number from 1 to 100'],
  [["--url", "https://example.org/"], "is a site; --url names the engine"],
])("%j is a mistake", (args, message) => {
  expect(() => parseArguments(args)).toThrow(UsageError);
  expect(() => parseArguments(args)).toThrow(message);
});

test("the usage tells every option and its default", () => {
  for (const option of ["--url", "--max-pages", "--anonymous", "--concurrency", "--out", "--json", "--help"]) {
    expect(usage).toContain(option);
  }
});
