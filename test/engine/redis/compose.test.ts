import { expect, test } from "vitest";
import { compose } from "../../../src/engine/redis/connection/compose.js";
import { STATES } from "../../../src/model/job/state.js";

/** The composed script of these files; `script.lua` is the script itself. */
function composed(files: Record<string, string>): { keys: readonly string[]; body: string } {
  return compose("script", (path) => files[path] ?? `-- ${path} is not there`);
}

const bodyOf = (text: string): string => composed({ "script.lua": text }).body;

test("an include is pasted where it is named, and the keys are read from the head", () => {
  const files = {
    "script.lua": "-- KEYS: a b\n-- KEYS: c\n-- include: one two\nuse()",
    "lib/one.lua": "1",
    "lib/two.lua": "2",
  };
  expect(composed(files)).toEqual({ keys: ["a", "b", "c"], body: "-- KEYS: a b\n-- KEYS: c\n1\n2\nuse()" });
});

test.each([
  ["the number of a state", "return r[STATE] == PARTIAL", `return r[1] == ${STATES.indexOf("partial") + 1}`],
  ["a letter", "return kind == OUTCOME_SNOOZE", "return kind == 's'"],
  ["a number below 0, kept apart from a minus before it", "return 1 -TOO_LATE", "return 1 -(-1)"],
  ["a constant behind two dots", "return 'done'..COMPLETED", "return 'done'..5"],
  ["a constant between brackets without blanks", "t[QUEUED]=1", "t[3]=1"],
])("%s takes the place of its name", (_what, text, becomes) => {
  expect(bodyOf(text)).toBe(becomes);
});

test("a list takes the place of its name", () => {
  const list = STATES.map((state) => `'${state}'`).join(", ");
  expect(bodyOf("local names = STATE_NAMES")).toBe(`local names = { ${list} }`);
});

test.each([
  ["a comment", "-- a QUEUED job"],
  ["a long comment", "--[[ a QUEUED\njob ]]"],
  ["a text", `return 'QUEUED', "QUEUED", 'it\\'s QUEUED'`],
  ["a long text", "return [==[ QUEUED ]] ]==]"],
  ["a field", "return job.QUEUED, job:QUEUED()"],
  ["part of a name", "return myQUEUED, QUEUEDs, is_QUEUED"],
  ["what is put before every script", "return K.conf, NOW, ARGV[1], KEYS[1]"],
  ["a name that the script declares", "local MINE, OTHER = 1, 2\nreturn MINE + OTHER"],
])("%s stays as it is", (_what, text) => {
  expect(bodyOf(text)).toBe(text);
});

test.each([
  ["an unknown name", "return NO_SUCH_LIMIT", "NO_SUCH_LIMIT is neither a constant nor declared"],
  ["a local variable", "local a, QUEUED = 1, 2", "QUEUED is a constant, and declared anew"],
  ["a local function", "local function QUEUED() end", "QUEUED is a constant, and declared anew"],
  ["a parameter", "local f = function(a, QUEUED) return QUEUED end", "QUEUED is a constant, and declared anew"],
  ["a loop variable", "for i, QUEUED in pairs(t) do use(QUEUED) end", "QUEUED is a constant, and declared anew"],
  ["an assignment", "QUEUED = 4", "QUEUED is a constant, and written to"],
])("%s is refused, and named", (_what, text, complaint) => {
  expect(() => bodyOf(text)).toThrow(`scripts/script.lua: ${complaint}`);
});
