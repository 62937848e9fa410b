// Places in values, what an input takes from the results of others, and the ids of jobs that jobs make.
import { describe, expect, test } from "vitest";
import { childId } from "../../../src/model/value/child-id.js";
import { eachChildId, isEachChild } from "../../../src/model/flow/each.js";
import { parseId } from "../../../src/model/value/name.js";
import { pathText, putAt, takeAt, type Path } from "../../../src/model/value/path.js";
import { fillReferences, referredJobs, type ReferencedJob } from "../../../src/model/flow/input-references.js";

describe("a place in a value", () => {
  test.each<[Path, unknown]>([
    [[], { a: [{ b: null }, "x"] }],
    [["a"], [{ b: null }, "x"]],
    [["a", 0, "b"], null],
    [["a", 1], "x"],
    [["a", "1"], "x"],
    [["a", "length"], 2],
  ])("%j has what stands there", (path, value) => {
    expect(takeAt({ a: [{ b: null }, "x"] }, path)).toEqual({ value });
  });

  test.each<[Path]>([[["a", 2]], [["a", -1]], [["a", 1, "length"]], [["a", "map"]], [["b", "c"]]])(
    "%j is none",
    (path) => {
      expect(takeAt({ a: [{ b: null }, "x"] }, path)).toBeNull();
      expect(putAt({ a: [{ b: null }, "x"] }, path, 1)).toBeNull();
    },
  );

  test.each<[Path]>([[["b"]], [["a", 0, "c"]], [["a", 0, "b", "c"]], [["constructor"]], [["__proto__"]]])(
    "%j is left out: nothing to take, nowhere to put",
    (path) => {
      expect(takeAt({ a: [{ b: null }, "x"] }, path)).toEqual({ value: null });
      expect(putAt({ a: [{ b: null }, "x"] }, path, 1)).toBeNull();
    },
  );

  test("takes another value, and leaves the rest", () => {
    expect(putAt({ a: [{ b: null }, "x"] }, ["a", 0, "b"], 7)).toEqual({ whole: { a: [{ b: 7 }, "x"] } });
    expect(putAt({ a: 1 }, [], [2])).toEqual({ whole: [2] });
  });

  test("is named as in code", () => {
    expect(pathText("input", ["pages", 3, "url"])).toBe("input.pages[3].url");
  });
});

describe("the references of an input", () => {
  const a = { queue: "q", id: "a" };
  const b = { queue: "q", id: "b" };
  const results: Record<string, ReferencedJob> = {
    a: { kind: "result", value: { url: "u", none: null } },
    b: { kind: "none" },
    gone: { kind: "gone" },
  };
  const fill = (input: unknown, at: Path, from = a, take: Path = []): unknown =>
    fillReferences(input, [{ at, from, take }], ({ id }) => results[id] ?? { kind: "gone" });

  test("name each job once", () => {
    const references = [a, b, a].map((from, index) => ({ at: [index], from, take: [] }));
    expect(referredJobs(references)).toEqual([a, b]);
  });

  test("put values where they belong", () => {
    expect(fill({ x: [null] }, ["x", 0], a, ["url"])).toEqual({ x: ["u"] });
    expect(fill({ x: 1 }, ["x"], a, ["none"]), "null is a value").toEqual({ x: null });
    expect(fill({ x: 1 }, ["x"], b, ["url"]), "of a job that did not succeed").toEqual({ x: null });
  });

  test("say what is not there", () => {
    expect(() => fill({ x: 1 }, ["x"], { queue: "q", id: "gone" })).toThrow(
      "q/gone, whose result it needs, was removed",
    );
    expect(() => fill({ x: 1 }, ["x"], a, ["url", "title"])).toThrow(
      "input.x takes result.url.title of q/a, which has no such place",
    );
    expect(() => fill({ x: 1 }, ["y"], a)).toThrow("input.y, where the result of q/a goes, is no place in the input");
  });
});

describe("the id of a job that a job makes", () => {
  const parent = "0TvcokgiUADMKyoVhvdY";

  test("is made of its parent's, a name and a key", () => {
    expect(childId(parent, "pages", "00007")).toBe(`${parent}.pages.00007`);
    expect(eachChildId(parent, 7)).toBe(`${parent}.00007`);
  });

  test("is always an id, and another for every parent, name and key", () => {
    const long = "x".repeat(60);
    const parts = [
      "a",
      "b.c",
      "b",
      "c",
      "https://example.org/a?b=1",
      "https://example.org/a?b=2",
      "é",
      long,
      `${long}y`,
      "",
    ];
    const parents = [parent, "p", "p.a", "y".repeat(128), `${"y".repeat(127)}z`];
    const ids = parents.flatMap((own) => parts.flatMap((name) => parts.map((key) => childId(own, name, key))));
    for (const id of ids) expect(parseId("id", id)).toBe(id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("is the same every time", () => {
    expect(childId(parent, "pages", "https://example.org/")).toBe(
      `${parent}.pages.https:--example-org--8198d1bac40a1033`,
    );
  });

  test("tells whether it is of an item of a list", () => {
    expect(isEachChild("a", "a.00012")).toBe(true);
    for (const id of ["a.12", "a.page.00012", "ab.00012", "a.000123", "b.a.00012"])
      expect(isEachChild("a", id)).toBe(false);
  });
});
