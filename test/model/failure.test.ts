import { describe, expect, test } from "vitest";
import { NonRetryable } from "../../src/model/errors.js";
import { describeFailure, fingerprint, httpStatus } from "../../src/model/failure.js";

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
    ["a bigint", 1n, "something that cannot be shown was thrown"],
  ])("is made of %s, too", (_title, thrown, message) => {
    expect(describeFailure(thrown)).toMatchObject({ name: "Error", message });
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
  });
});

const of = (message: string, name = "Error", code: string | null = null): string => fingerprint(name, code, message);

describe("a fingerprint", () => {
  test("is twelve hexadecimal digits", () => {
    expect(of("boom")).toMatch(/^[0-9a-f]{12}$/);
  });

  test.each([
    ["ids", "job 0TvcokgiqKy9HdezEeJN failed", "job 1AbcokgiqKy9HdezEeXX failed"],
    ["numbers", "timed out after 3000 ms", "timed out after 15 ms"],
    ["quoted values", 'no field "name"', 'no field "age"'],
    ["URLs", "cannot GET https://a.example/x?y=1", "cannot GET http://b.example/z"],
    ["paths", "ENOENT /tmp/a/b.txt", "ENOENT /var/lib/c.txt"],
    ["UUIDs", "row 123e4567-e89b-12d3-a456-426614174000", "row 00000000-e89b-12d3-a456-426614174999"],
  ])("is the same whatever %s a message holds", (_title, one, other) => {
    expect(of(one)).toBe(of(other));
  });

  test("differs by class, by code and by what the message says", () => {
    const prints = [of("boom"), of("bang"), of("boom", "TypeError"), of("boom", "Error", "E")];
    expect(new Set(prints).size).toBe(4);
  });

  test("of a very long message is found quickly", () => {
    const started = performance.now();
    of("/".repeat(200_000) + "'".repeat(200_000));
    expect(performance.now() - started).toBeLessThan(100);
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
