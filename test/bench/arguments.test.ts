import { expect, test } from "vitest";
import { readArguments, WrongArguments } from "../../bench/arguments.js";

const known = { scenarios: ["add-bulk", "run-100"], systems: ["longshore-redis", "bullmq"] };
const nothing = { quick: false, json: false, save: false, check: false, scenarios: null, systems: null };

test("without arguments everything is measured", () => {
  expect(readArguments([], known)).toEqual(nothing);
});

test("lists are separated by commas", () => {
  const args = ["--quick", "--scenario", "run-100,add-bulk", "--system", "bullmq"];
  const scenarios = ["run-100", "add-bulk"];
  expect(readArguments(args, known)).toEqual({ ...nothing, quick: true, scenarios, systems: ["bullmq"] });
});

test("a check is a quick run", () => {
  expect(readArguments(["--check"], known)).toEqual({ ...nothing, quick: true, check: true });
});

test.each([
  [["--scenario", "run-7"], 'no scenario is called "run-7"; known: add-bulk, run-100'],
  [["--system", "bullmq,kue"], 'no system is called "kue"; known: longshore-redis, bullmq'],
  [["--fast"], "--fast"],
  [["--save"], "--save goes with --quick"],
  [["--quick", "--save", "--system", "bullmq"], "--save goes with --quick alone"],
  [["--check", "--json"], "--check takes no other option"],
])("%j is refused", (args, message) => {
  expect(() => readArguments(args, known)).toThrow(WrongArguments);
  expect(() => readArguments(args, known)).toThrow(message);
});
