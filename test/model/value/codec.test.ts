import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodePayload,
  DEEPEST,
  DEFAULT_PAYLOAD_CAP,
  encodePayload,
  HARD_PAYLOAD_CAP,
  isPlainPayload,
} from "../../../src/model/value/codec.js";
import { InvalidInput, PayloadTooLarge } from "../../../src/model/errors/errors.js";

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

describe("a payload", () => {
  test("of any JSON comes back as it was", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        fc.pre(isPayload(JSON.stringify(value)));
        expect(decodePayload(encodePayload("input", value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("of another realm, such as that of a test runner, is as good as one of this", () => {
    const foreign: unknown = runInNewContext("({ a: [{ b: 1 }] })");
    expect(encodePayload("input", foreign)).toBe('{"a":[{"b":1}]}');
    const odd: unknown = runInNewContext("new (class Money { value = 1 })()");
    expect(() => encodePayload("input", odd)).toThrow(/not an instance of Money/);
    expect(() => encodePayload("input", Object.create(Object.create(null) as object))).toThrow(InvalidInput);
  });

  test.each([
    ["undefined as null", undefined, "null"],
    ["undefined properties not at all", { a: undefined, b: 1 }, '{"b":1}'],
    ["holes and undefined in lists as null", [undefined, 1], "[null,1]"],
    ["dates as text", new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ["what says itself how it looks in JSON", { toJSON: () => ({ n: 1 }) }, '{"n":1}'],
    ["objects without a prototype", Object.assign(Object.create(null) as object, { a: 1 }), '{"a":1}'],
    ["the same object twice, side by side", ((same) => [same, same])({ a: 1 }), '[{"a":1},{"a":1}]'],
    ["whole emoji", "🚢", '"🚢"'],
    ["line separators and NUL", "\u2028\u0000", '"\u2028\\u0000"'],
  ])("keeps %s", (_title, value, text) => {
    expect(encodePayload("input", value)).toBe(text);
  });

  test.each([
    ["a bigint", { n: 1n }, "input.n", /not a bigint/],
    ["a function", { run: () => 1 }, "input.run", /not a function/],
    ["a symbol", [Symbol("x")], "input[0]", /not a symbol/],
    ["a Map", { m: new Map() }, "input.m", /not an instance of Map/],
    ["a Set", new Set(), "input", /not an instance of Set/],
    ["an instance of a class", { e: new Error("x") }, "input.e", /not an instance of Error/],
    ["NaN", [0, Number.NaN], "input[1]", /finite number/],
    ["Infinity", Number.NEGATIVE_INFINITY, "input", /finite number/],
    ["a lone high surrogate", { text: "a\ud83d" }, "input.text", /surrogates/],
    ["a lone low surrogate", "\udea2a", "input", /surrogates/],
    ["a __proto__ key", JSON.parse('{"a":{"__proto__":{"x":1}}}') as unknown, "input.a.__proto__", /__proto__/],
    ["a date that is none", { at: new Date("rubbish"), s: 1n }, "input.s", /bigint/],
  ])("may not hold %s", (_title, value, field, rule) => {
    let thrown: unknown;
    try {
      encodePayload("input", value);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidInput);
    expect(thrown).toMatchObject({ field, rule: expect.stringMatching(rule) as string });
  });

  test("may not contain itself, however deep", () => {
    const loop: { inner: { list: unknown[] } } = { inner: { list: [] } };
    loop.inner.list.push(loop);
    expect(() => encodePayload("input", loop)).toThrow(expect.objectContaining({ field: "input.inner.list[0]" }));
  });

  test("may not contain itself in several places, and is refused at once", () => {
    const user: { posts: unknown[]; self?: unknown; again?: unknown } = { posts: [] };
    user.self = user;
    user.again = user;
    user.posts = Array.from({ length: 20 }, () => ({ author: user }));
    expect(() => encodePayload("input", user)).toThrow(
      expect.objectContaining({ rule: expect.stringMatching(/itself/) }),
    );
    expect(isPlainPayload(user)).toBe(false);
  });

  test(`may nest ${DEEPEST} levels deep and no deeper`, () => {
    expect(encodePayload("input", nested(DEEPEST))).toHaveLength(2 * DEEPEST + 1);
    expect(() => encodePayload("input", nested(DEEPEST + 1))).toThrow(/at most 64 levels/);
    expect(() => encodePayload("input", nested(5_000))).toThrow(InvalidInput);
  });

  test("may be as large as the cap, in bytes, and no larger", () => {
    const fits = "x".repeat(DEFAULT_PAYLOAD_CAP - 2);
    expect(encodePayload("input", fits)).toHaveLength(DEFAULT_PAYLOAD_CAP);
    expect(() => encodePayload("input", `${fits}x`)).toThrow(PayloadTooLarge);
    expect(() => encodePayload("input", "é".repeat(DEFAULT_PAYLOAD_CAP / 2))).toThrow(PayloadTooLarge);
    expect(encodePayload("input", "é".repeat(DEFAULT_PAYLOAD_CAP / 2), HARD_PAYLOAD_CAP).length).toBeGreaterThan(1);
  });

  test("that is too large says by how much", () => {
    expect(() => encodePayload("result", "xxxx", 5)).toThrow(
      expect.objectContaining({ field: "result", size: 6, cap: 5, code: "PAYLOAD_TOO_LARGE" }),
    );
  });

  test("leaves Object.prototype alone", () => {
    decodePayload('{"__proto__":{"polluted":true}}');
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });
});

/** Free of the few things that JSON may hold and a payload may not. */
function isPayload(text: string): boolean {
  return !text.includes("__proto__") && !/\\ud[89a-f]/i.test(text);
}
