/** Fingerprints: what is the same whatever its particulars are, and what is not. */
import { describe, expect, test } from "vitest";
import { describeFailure, encodeFailure, fingerprintOf, plainFailure } from "../../../src/model/failure/failure.js";
import { fingerprint, generalize, isFingerprint } from "../../../src/model/failure/fingerprint.js";

const of = (message: string, name = "Error", code: string | null = null): string =>
  fingerprint({ name, code, message });

const caused = (cause: unknown): string => describeFailure(new Error("job failed", { cause })).fingerprint;
const held = (...messages: string[]): string => {
  return describeFailure(
    new AggregateError(
      messages.map((message) => new Error(message)),
      "all failed",
    ),
  ).fingerprint;
};
const long = (length: number): string => of(`GET https://a.example/${"x".repeat(length)} was refused by the gate`);

test("a fingerprint is the version of its rules and twelve hexadecimal digits", () => {
  expect(of("boom")).toMatch(/^1[0-9a-f]{12}$/);
  // Stored jobs and groups have it: another one here would be another version.
  expect(of("cannot GET https://a.example/x", "TypeError", "E_GET")).toBe("159c9a2ff21e6");
});

describe("a fingerprint is the same whatever a message holds of", () => {
  test.each([
    ["ids", "job 0TvcokgiqKy9HdezEeJN failed", "job 1AbcokgiqKy9HdezEeXX failed"],
    ["ids with hyphens", "no job V1StGXR8_Z5jdHi6B-myT", "no job Uakgb_J5m9g-0JDMbcJqL"],
    ["UUIDs", "row 123e4567-e89b-12d3-a456-426614174000", "row 00000000-e89b-12d3-a456-426614174999"],
    [
      "hashes",
      "no commit da39a3ee5e6b4b0d3255bfef95601890afd80709",
      "no commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    ],
    ["hexadecimal numbers", "fault at 0xdeadbeef", "fault at 0x7ffe01"],
    ["numbers", "got 12 of 1,234.56 rows", "got -3 of 7 rows"],
    ["numbers in words", "no shard7", "no shard12"],
    ["how many numbers", "where id in (1, 2, 3)", "where id in (7)"],
    ["durations", "timed out after 3000 ms", "timed out after 2m 30s"],
    ["durations in words", "timed out after 1.5 seconds", "timed out after 15ms"],
    ["times", "not before 2026-11-30T22:00:00.123Z", "not before 2025-01-01 08:15"],
    ["times of the day", "closed at 12:30:45", "closed at 9:05"],
    ["quoted values", 'no field "name"', 'no field "first \\"and\\" last"'],
    ["single quotes", "no field 'name'", "no field 'its age'"],
    ["backticks", "no field `name`", "no field `a'b`"],
    ["typographic quotes", "no field “name”", "no field “a ‘b’ c”"],
    ["quotes of other languages", "no field «name»", "no field „name“"],
    ["a quote that was cut off", `bad value "${"x".repeat(1_500)}`, 'bad value "y"'],
    ["URLs", "cannot GET https://a.example/x?y=1", "cannot GET http://b.example/z"],
    ["URLs of other kinds", "cannot reach postgres://u:p@db:5432/x", "cannot reach redis://cache/0"],
    ["data in URLs", "bad image data:image/png;base64,iVBORw0KGgo=", "bad image https://a.example/b.png"],
    ["e-mail addresses", "no user ada@example.com", "no user grace.hopper+x@navy.example.org"],
    ["network addresses", "connect ECONNREFUSED 127.0.0.1:6379", "connect ECONNREFUSED ::1:6380"],
    ["other network addresses", "refused by 10.0.0.0/8", "refused by fe80::a1:1"],
    ["paths", "ENOENT /tmp/a/b.txt", "ENOENT /var/lib/c.txt"],
    ["paths of Windows", "ENOENT C:\\Users\\ada\\b.txt", "ENOENT \\\\server\\share\\c.txt"],
    ["relative paths, with lines", "syntax error in ./src/a.ts:12:5", "syntax error in lib/deep/b.ts:7"],
    ["placeholders", "no value for {{user}}", "no value for ${name}"],
    ["values of SQL", "insert into t (a, b) values (1, 'x')", "insert into t (a, b) values ('yy', 22, 'zz')"],
    ["values of JSON", 'unexpected {"id":1,"name":"x"}', 'unexpected {"id":22,"name":"yy"}'],
    ["space", "no  berth\n\tleft", "no berth left"],
  ])("%s", (_title, one, other) => {
    expect(generalize(one)).toBe(generalize(other));
    expect(of(one)).toBe(of(other));
  });
});

describe("a fingerprint tells apart", () => {
  test.each([
    ["HTTP statuses in words", "Request failed with status code 404", "Request failed with status code 500"],
    ["HTTP statuses after the protocol", "HTTP 503", "HTTP 429"],
    ["HTTP statuses with their reason", "404 Not Found", "503 Service Unavailable"],
    ["HTTP statuses behind a URL", "GET http://a.example/1: 404 Not Found", "GET http://a.example/1: 401 Unauthorized"],
    ["exit codes", "exited with code 1", "exited with code 137"],
    ["signals", "killed by signal 9", "killed by signal 15"],
    ["error codes", "database error code 23505", "database error code 40001"],
    ["words with apostrophes", "can't read, won't stop", "can't write, won't stop"],
    ["what follows a value", 'no field "a" in the form', 'no field "a" in the table'],
    ["statements", "syntax error near SELECT", "syntax error near UPDATE"],
    ["names in code", "std::vector is empty", "std::map is empty"],
    ["slashes between words", "read/write error", "read/lock error"],
  ])("%s", (_title, one, other) => {
    expect(of(one)).not.toBe(of(other));
  });

  test("class, code and what the message says", () => {
    expect(new Set([of("boom"), of("bang"), of("boom", "TypeError"), of("boom", "Error", "E")]).size).toBe(4);
  });

  test("what caused it, by class, code and what that says, however deep", () => {
    const causes = [new Error("no berth"), new Error("no crane"), new TypeError("no berth"), undefined];
    expect(new Set(causes.map(caused)).size).toBe(4);
    expect(caused(new Error("no berth 7"))).toBe(caused(new Error("no berth 12")));
    const deep = (message: string): string => caused(new Error("wrapped", { cause: new Error(message) }));
    expect(deep("no berth")).not.toBe(deep("no crane"));
  });

  test("the errors that it holds, whatever their order and however many are alike", () => {
    expect(held("no berth", "no crane")).toBe(held("no crane", "no berth"));
    expect(held("no berth 1", "no berth 2")).toBe(held("no berth 3"));
    expect(held("no berth", "no crane")).not.toBe(held("no berth"));
    expect(held("no berth")).not.toBe(held("no crane"));
  });
});

describe("a message of any length and kind", () => {
  test("counts by its beginning", () => {
    const slashes = "/".repeat(1_000);
    expect(of(slashes + "'".repeat(200_000))).toBe(of(slashes));
    expect(of(`${"no berth ".repeat(50)}a`)).toBe(of(`${"no berth ".repeat(50)}b`));
  });

  test("says as much whether it is cut or not, if its particulars are long", () => {
    expect(long(10)).toBe(long(800));
  });

  test("has a fingerprint when it is empty, or of half characters", () => {
    for (const message of ["", "\ud83e", "\0", "🦁".repeat(700)]) expect(of(message)).toMatch(/^1[0-9a-f]{12}$/);
  });
});

describe("a fingerprint that other code made", () => {
  test.each(["boom", "0", "ba9876543210", "Z_-9".repeat(25)])("is kept when jobs can be filed under it: %s", (text) => {
    expect(isFingerprint(text)).toBe(true);
    expect(fingerprintOf({ ...plainFailure("E", "m", null), fingerprint: text })).toBe(text);
  });

  test.each(["", "a|b", "a\nb", "a b", "ü", "x".repeat(101)])("is replaced otherwise: %j", (text) => {
    const failure = { ...plainFailure("E", "m", null), fingerprint: text };
    expect(fingerprintOf(failure)).toBe(plainFailure("E", "m", null).fingerprint);
    expect(JSON.parse(encodeFailure(failure))).toEqual(plainFailure("E", "m", null));
  });
});
