// The command line: defaults, values, and mistakes.

import { expect, test } from "vitest";

import { UsageError, parseArguments } from "../../../examples/requirements-analysis/arguments.js";

test("defaults", () => {
  expect(parseArguments([])).toMatchObject({
    url: "sqlite:.longshore/demo.db",
    analysers: ["R-A", "R-C", "R-D", "R-F", "R-M", "R-P", "R-R", "R-W"],
    concurrency: 5,
    out: "demo-report.md",
    json: false,
  });
  expect(parseArguments([]).file).toMatch(/requirements-analysis.requirements\.csv$/);
});

test("values", () => {
  const args = [
    "--file",
    "my.csv",
    "--url=memory:",
    "--analysers",
    "r-d,R-F",
    "--concurrency",
    "2",
    "--out",
    "x.md",
    "--json",
  ];
  expect(parseArguments(args)).toEqual({
    file: "my.csv",
    url: "memory:",
    analysers: ["R-D", "R-F"],
    concurrency: 2,
    out: "x.md",
    json: true,
    help: false,
  });
});

test.each([
  [["--colour"], /--colour/],
  [["my.csv"], /my\.csv/],
  [["--file"], /--file/],
  [["--concurrency", "0"], /"0" is not a whole number from 1 to 100/],
  [["--concurrency", "2.5"], /"2\.5" is not a whole number/],
  [["--analysers", "R-D,R-Q"], /--analysers: Unknown analyser "R-Q"/],
])("%j is a usage error", (args, message) => {
  expect(() => parseArguments(args)).toThrow(UsageError);
  expect(() => parseArguments(args)).toThrow(message);
});
