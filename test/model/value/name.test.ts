import { describe, expect, test } from "vitest";
import { InvalidInput } from "../../../src/model/errors/errors.js";
import { parseId, parseKey, parseName, parseTags } from "../../../src/model/value/name.js";

describe("a queue or task name", () => {
  test.each(["a", "defospam", "A-b_c.d:e", "0", "__proto__", "...", ".a", "a.", "x".repeat(100)])(
    "may be %s",
    (name) => {
      expect(parseName("queue", name)).toBe(name);
    },
  );

  test.each([
    "",
    " ",
    "a b",
    "a/b",
    "ä",
    "a{b}",
    "a\n",
    "a\u0000",
    "x".repeat(101),
    "*",
    ".",
    "..",
    null,
    undefined,
    5,
    {},
  ])("may not be %j", (name) => {
    expect(() => parseName("queue", name)).toThrow(/^queue: .* is not allowed: 1 to 100 characters/s);
  });
});

describe("a job id of the caller's", () => {
  test.each(["job_abc123", "1", "a:b.c-d", "...", "x".repeat(128)])("may be %s", (id) => {
    expect(parseId("id", id)).toBe(id);
  });

  test.each(["", "a b", "job/1", "{x}", "é", "x".repeat(129), "a\r\nb", ".", "..", 7])("may not be %j", (id) => {
    expect(() => parseId("id", id)).toThrow(InvalidInput);
  });
});

describe("a key or tag", () => {
  test.each(["user:42", "a b", "{braces}", "é 日本 🚢", "'\"`", "x".repeat(256)])("may be %s", (key) => {
    expect(parseKey("unique.key", key)).toBe(key);
  });

  test.each(["", "a\nb", "a\u0000b", "\u007f", "\ud800", "x".repeat(257), "é".repeat(129), null, 1])(
    "may not be %j",
    (key) => {
      expect(() => parseKey("unique.key", key)).toThrow(/^unique\.key: /);
    },
  );

  test("is measured in bytes, not characters", () => {
    expect(parseKey("unique.key", "é".repeat(128))).toHaveLength(128);
  });
});

describe("a list of tags", () => {
  test("loses duplicates and keeps its order", () => {
    expect(parseTags("tags", ["b", "a", "b"])).toEqual(["b", "a"]);
  });

  test("holds sixteen different tags", () => {
    const tags = Array.from({ length: 16 }, (_value, index) => `t${index}`);
    expect(parseTags("tags", [...tags, "t0"])).toEqual(tags);
    expect(() => parseTags("tags", [...tags, "more"])).toThrow(/at most 16/);
  });

  test("names the tag that is wrong", () => {
    expect(() => parseTags("tags", ["fine", ""])).toThrow(expect.objectContaining({ field: "tags[1]" }));
    expect(() => parseTags("tags", ["x".repeat(129)])).toThrow(expect.objectContaining({ field: "tags[0]" }));
    expect(() => parseTags("tags", "user:42")).toThrow(expect.objectContaining({ field: "tags" }));
  });
});
