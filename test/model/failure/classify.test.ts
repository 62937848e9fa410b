import { describe, expect, test } from "vitest";
import { classify } from "../../../src/model/failure/classify.js";
import {
  AllFailed,
  IllegalTransition,
  InvalidInput,
  NonRetryable,
  PayloadTooLarge,
  RetryAfter,
  TimedOut,
  UnknownTask,
} from "../../../src/model/errors/errors.js";

const NOW = Date.UTC(2026, 10, 21, 12, 0, 0);

function http(status: number, headers?: unknown): Error {
  return Object.assign(new Error(`HTTP ${status}`), { status }, headers === undefined ? {} : { headers });
}

function untouchable(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe("a failure is tried again", () => {
  test.each<[title: string, error: unknown]>([
    ["any error that says nothing more", new Error("boom")],
    ["something thrown that is no error", "boom"],
    ["nothing thrown", undefined],
    ["a timeout", new TimedOut(1_000)],
    ["a wait that is no duration", new RetryAfter(Number.NaN)],
    ["a wait in words", new RetryAfter("2 seconds")],
    ["an error whose code is no text", Object.assign(new Error("x"), { code: Object.create(null) as object })],
    ["a proxy that throws when it is asked what it is", untouchable()],
    ["a refused connection", Object.assign(new Error("connect"), { code: "ECONNREFUSED" })],
    ["a task that this worker does not know", new UnknownTask("scan", [])],
    ...[408, 409, 423, 425, 429, 500, 502, 503, 504, 529].map((status): [string, unknown] => [
      `HTTP ${status}`,
      http(status),
    ]),
  ])("when it is %s", (_title, error) => {
    expect(classify(error, NOW)).toEqual({ kind: "retry" });
  });
});

describe("a failure is final", () => {
  test.each<[title: string, error: unknown]>([
    ["what the handler says cannot be helped", new NonRetryable("no")],
    ["a value that breaks a rule", new InvalidInput("step", "crawl", "used before in this run")],
    ["a value that is too large", new PayloadTooLarge("step.crawl", 200_000, 131_072)],
    ["a status that may not follow", new IllegalTransition("PLACED", "SENT", ["PAID"])],
    ["many failures of which none can be helped", new AllFailed("all", 2, new NonRetryable("no"), false)],
    ...[400, 401, 403, 404, 405, 410, 413, 422, 451, 501, 505].map((status): [string, unknown] => [
      `HTTP ${status}`,
      http(status),
    ]),
    ["a 429 for want of quota", Object.assign(http(429), { code: "insufficient_quota" })],
    ["a wrong API key", Object.assign(new Error("x"), { code: "invalid_api_key" })],
    ["a 404 that names a time to come again", http(404, { "retry-after": "5" })],
  ])("when it is %s", (_title, error) => {
    expect(classify(error, NOW)).toEqual({ kind: "final" });
  });
});

describe("a failure is tried again after the time it names", () => {
  test.each([
    ["RetryAfter in milliseconds", new RetryAfter(1_500), 1_500],
    ["RetryAfter as a duration", new RetryAfter("30s"), 30_000],
    ["RetryAfter of a time that is over", new RetryAfter(-7), 0],
    ["seconds in a plain header", http(429, { "retry-after": "7" }), 7_000],
    ["seconds as a number", http(429, { "retry-after": 7 }), 7_000],
    ["a capitalised header", http(503, { "Retry-After": "2" }), 2_000],
    ["a Headers object", http(429, new Headers({ "Retry-After": "3" })), 3_000],
    ["parts of a second", http(429, { "retry-after": "0.25" }), 250],
    ["an HTTP date", http(503, { "retry-after": "Sat, 21 Nov 2026 12:01:30 GMT" }), 90_000],
    ["a date that has passed", http(503, { "retry-after": "Sat, 21 Nov 2026 11:00:00 GMT" }), 0],
    ["no wait at all", http(429, { "retry-after": "0" }), 0],
    ["more than a day, of which a day is believed", http(429, { "retry-after": "999999999" }), 86_400_000],
  ])("%s", (_title, error, delay) => {
    expect(classify(error, NOW)).toEqual({ kind: "retry-after", delay });
  });

  test("the headers of a response inside the error", () => {
    const error = Object.assign(new Error("x"), {
      response: { status: 429, headers: new Headers({ "retry-after": "4" }) },
    });
    expect(classify(error, NOW)).toEqual({ kind: "retry-after", delay: 4_000 });
  });

  test.each(["", " ", "soon", "NaN", "Infinity", "-"])("but not after %j, which is no time", (value) => {
    expect(classify(http(429, { "retry-after": value }), NOW)).toEqual({ kind: "retry" });
  });
});
