/** The ids of conformance scenarios: written beside each, one for one, and refused at load when they would not be. */
import { expect, test } from "vitest";
import { CONFORMANCE } from "../../src/engine/testkit/index.js";
import { joinGroups, scenarios } from "../../src/engine/testkit/context/scenario.js";

const holds = async () => {};

test("the id of a scenario is its group and its slug, wherever it stands", () => {
  const before = scenarios("tides", [["high-tide", "the tide is high", holds]]);
  const after = scenarios("tides", [
    ["low-tide", "the tide is low", holds, "corrupt"],
    ["high-tide", "the tide is high", holds],
  ]);
  expect(before.scenarios).toEqual([{ id: "tides/high-tide", title: "the tide is high", run: holds }]);
  expect(after.scenarios.map(({ id, needs }) => [id, needs])).toEqual([
    ["tides/low-tide", "corrupt"],
    ["tides/high-tide", undefined],
  ]);
});

test.each([
  "one-two-three-four-five-six-seven",
  "High-tide",
  "high tide-mark",
  "high--tide",
  "-high-tide",
  "high-tide-",
  "high_tide-mark",
] as const)("%j is no slug", (slug) => {
  expect(() => scenarios("tides", [[slug, "the tide is high", holds]])).toThrow(
    new TypeError(`tides/${slug} ("the tide is high"): a slug is two to six words in kebab-case`),
  );
});

test("a slug has more than one word, says the compiler", () => {
  // @ts-expect-error "high" has no hyphen
  expect(() => scenarios("tides", [["high", "the tide is high", holds]])).toThrow(TypeError);
});

test("a slug that is there already is refused", () => {
  const rows = [
    ["high-tide", "the tide is high", holds],
    ["high-tide", "the tide is higher", holds],
  ] as const;
  expect(() => scenarios("tides", rows)).toThrow(
    new TypeError(`tides/high-tide ("the tide is higher"): another scenario has this slug`),
  );
});

test("files that share a group make one of it, in the order of the files", () => {
  const high = scenarios("tides", [["high-tide", "the tide is high", holds]]);
  const winds = scenarios("winds", [["high-wind", "the wind is strong", holds]]);
  const low = scenarios("tides", [["low-tide", "the tide is low", holds]]);
  expect(joinGroups([high, winds, low]).map(({ name, scenarios }) => [name, scenarios.map(({ id }) => id)])).toEqual([
    ["tides", ["tides/high-tide", "tides/low-tide"]],
    ["winds", ["winds/high-wind"]],
  ]);
});

test("a slug that another file of the group has is refused", () => {
  const high = scenarios("tides", [["high-tide", "the tide is high", holds]]);
  const higher = scenarios("tides", [["high-tide", "the tide is higher", holds]]);
  expect(() => joinGroups([high, higher])).toThrow(
    new TypeError(`tides/high-tide ("the tide is higher"): another scenario has this slug`),
  );
});

test("no two scenarios of the suite have one id", () => {
  const ids = CONFORMANCE.flatMap(({ scenarios }) => scenarios.map(({ id }) => id));
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
});
