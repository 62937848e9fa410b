import { describe, expect, test } from "vitest";
import { NonRetryable } from "../../../src/model/errors/errors.js";
import { describeFailure, encodeFailure, httpStatus, type Failure } from "../../../src/model/failure/failure.js";

/** What `Promise.any` throws, its first error with this message. */
function all(first: string): Failure {
  const errors = [first, "2", "3", "4"].map((message) => new Error(message));
  return describeFailure(new AggregateError(errors, "all failed"));
}

describe("a failure", () => {
  test("keeps name, message, code and stack of an error", () => {
    const failure = describeFailure(Object.assign(new TypeError("no such berth"), { code: "E_BERTH" }));
    expect(failure).toMatchObject({ name: "TypeError", message: "no such berth", code: "E_BERTH", cause: null });
    expect(failure.stack).toContain("failure.test.ts");
  });

  test("keeps what caused it, three deep", () => {
    const error = new Error("1", { cause: new Error("2", { cause: new Error("3", { cause: new Error("4") }) }) });
    const failure = describeFailure(error);
    expect(failure.cause?.cause?.message).toBe("3");
    expect(failure.cause?.cause?.cause).toBeNull();
  });

  test("of an error that causes itself ends", () => {
    const error = new Error("ouroboros");
    error.cause = error;
    expect(describeFailure(error).cause?.cause?.cause).toBeNull();
  });

  test("takes an HTTP status for its code", () => {
    expect(describeFailure(Object.assign(new Error("x"), { status: 503 })).code).toBe("503");
    expect(describeFailure(Object.assign(new Error("x"), { response: { status: 429 } })).code).toBe("429");
  });

  test("takes a code given to NonRetryable", () => {
    expect(describeFailure(new NonRetryable("bad", { code: "ERROR_VALIDATION" })).code).toBe("ERROR_VALIDATION");
  });

  test("is capped in message and stack", () => {
    const error = new Error("m".repeat(5_000));
    error.stack = "s".repeat(9_000);
    const failure = describeFailure(error);
    expect(failure.message).toHaveLength(2_000);
    expect(failure.stack).toHaveLength(4_000);
    expect(failure.message.endsWith("…")).toBe(true);
  });

  test.each([
    ["a string", "just text", "just text"],
    ["a number", 42, "42"],
    ["nothing", undefined, "undefined"],
    ["null", null, "null"],
    ["a plain object", { reason: "x" }, '{"reason":"x"}'],
    ["a bigint", 1n, "1n"],
    ["an object with a bigint", { id: 5n }, '{"id":"5n"}'],
    ["an error that says nothing", new Error(), "no message"],
    ["an error whose message is no text", Object.assign(new Error(), { message: { detail: "x" } }), '{"detail":"x"}'],
  ])("is made of %s, too", (_title, thrown, message) => {
    expect(describeFailure(thrown)).toMatchObject({ name: "Error", message });
  });

  test.each(["name", "message", "code"] as const)("has a %s of bounded length that is whole text", (field) => {
    for (const before of [90, 97, 98, 99, 1_990, 1_998]) {
      const error = Object.assign(new Error("m"), { [field]: `${"n".repeat(before)}${"🦁".repeat(4_000)}` });
      const text = describeFailure(error)[field] ?? "";
      expect(text.length).toBeLessThanOrEqual(field === "message" ? 2_000 : 100);
      expect(text.isWellFormed()).toBe(true);
    }
    expect(describeFailure(Object.assign(new Error("m"), { [field]: "half \ud83e" }))[field]?.isWellFormed()).toBe(
      true,
    );
  });

  test("keeps the first three errors of several, and tells such failures apart by the first", () => {
    expect(all("no berth").errors?.map(({ message }) => message)).toEqual(["no berth", "2", "3"]);
    expect(all("no berth").fingerprint).toBe(all("no berth").fingerprint);
    expect(all("no berth").fingerprint).not.toBe(all("no crane").fingerprint);
    expect(describeFailure(new Error("one"))).not.toHaveProperty("errors");
  });

  test.each([
    ["a character that is six bytes of JSON", "\0"],
    ["one that is three bytes", "漢"],
    ["plain text", "x"],
  ])("is at most 16 KiB as it is stored, all in all: of %s", (_title, character) => {
    const long = (deep: number): Error => {
      const errors = deep === 0 ? [] : [long(deep - 1), long(deep - 1), long(deep - 1), long(deep - 1)];
      const error = new AggregateError(errors, character.repeat(9_000), { cause: deep === 0 ? null : long(deep - 1) });
      return Object.assign(error, { name: character.repeat(9_000), code: character.repeat(9_000) });
    };
    const failure = describeFailure(long(3));
    expect(Buffer.byteLength(encodeFailure(failure))).toBeLessThanOrEqual(16 * 1024);
    expect(Buffer.byteLength(JSON.stringify(failure))).toBeLessThanOrEqual(16 * 1024);
    expect(failure.cause?.message.startsWith(character)).toBe(true);
  });

  test("that other code made is bounded where it is encoded, and stays as it is when it is small", () => {
    const made: Failure = { name: "A", message: "b", code: null, stack: null, cause: null, fingerprint: "0" };
    expect(JSON.parse(encodeFailure(made))).toEqual(made);
    const huge = { ...made, name: "n".repeat(100_000), code: "c".repeat(100_000), fingerprint: "f".repeat(100_000) };
    expect(encodeFailure({ ...huge, cause: huge }).length).toBeLessThanOrEqual(16 * 1024);
  });

  test("is made of things that fight back", () => {
    const hostile = {
      get message(): string {
        throw new Error("no");
      },
      toJSON(): never {
        throw new Error("no");
      },
    };
    expect(describeFailure(hostile).name).toBe("Error");
    const trap = new Proxy(
      {},
      {
        get: () => {
          throw new Error("no");
        },
      },
    );
    expect(() => describeFailure(trap)).not.toThrow();
    expect(() => describeFailure(Object.create(null))).not.toThrow();
    expect(() => describeFailure(Symbol("s"))).not.toThrow();
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(() => describeFailure(proxy)).not.toThrow();
    const nameless = Object.assign(new Error("m"), { name: "", constructor: undefined });
    expect(describeFailure(nameless)).toMatchObject({ name: "Error", message: "m" });
    const trapped = new Proxy(new Error("p"), {
      getPrototypeOf() {
        throw new Error("no");
      },
    });
    expect(describeFailure(trapped).message).toBe("p");
  });
});

describe("an HTTP status", () => {
  test.each([
    [{ status: 404 }, 404],
    [{ statusCode: 503 }, 503],
    [{ response: { status: 429 } }, 429],
    [{ response: { statusCode: 500 } }, 500],
    [{ status: "404" }, null],
    [{ status: 0 }, null],
    [{ status: 1_000 }, null],
    [new Error("x"), null],
    [null, null],
    ["404", null],
  ])("of %j is %j", (thrown, status) => {
    expect(httpStatus(thrown)).toBe(status);
  });
});
