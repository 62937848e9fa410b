// Redaction: what is taken out of payloads and texts, and what stays.
import { assert, jsonValue, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { redact, redactSaid } from "../../../src/model/redaction/redact.js";
import { redactText } from "../../../src/model/redaction/redact-text.js";

const GONE = "[redacted]";

describe("keys", () => {
  it.each([
    ...[
      "password",
      "Password",
      "dbPassword",
      "DB_PASSWORD",
      "user-password",
      "passwords",
      "passwordHash",
      "userpassword",
    ],
    ...["secret", "clientSecret", "client_secret", "secrets", "SECRET_KEY", "passwd", "passphrase"],
    ...["token", "accessToken", "access_token", "accesstoken", "refreshTokens", "csrf-token", "tokenValue"],
    ...["authorization", "Authorization", "proxy-authorization", "cookie", "Set-Cookie", "cookies", "sessionCookie"],
    ...["apiKey", "api_key", "API-KEY", "apikey", "x-api-key", "XApiKey", "OPENAI_API_KEY", "apiKeys", "privateKey"],
    ...["pwd", "dbPwd", "pass_word", "passWord", "credential", "credentials", "dbCredentials", "X-Amz-Signature"],
  ])("%s names a secret", (key) => {
    expect(redact({ [key]: "hunter2" })).toEqual({ [key]: GONE });
    expect(redact({ [key]: { inner: "hunter2" } })).toEqual({ [key]: GONE });
    expect(redact({ [key]: ["hunter2"] })).toEqual({ [key]: GONE });
  });

  it.each([
    ...[
      "secretary",
      "tokenizer",
      "tokenized",
      "passenger",
      "passes",
      "author",
      "authorized",
      "keyboard",
      "key",
      "keys",
    ],
    ...["monkey", "primaryKey", "api", "cook", "cookbook", "compass", "pass", "detokenize", "signature"],
  ])("%s names none", (key) => {
    expect(redact({ [key]: "shown" })).toEqual({ [key]: "shown" });
  });

  it.each<[string, unknown]>([
    ["tokens", 12],
    ["tokenCount", 12],
    ["maxTokens", 4_096],
    ["max_tokens", 4_096],
    ["totalTokens", 0],
    ["tokens", { input: 12, output: 5, cached: { read: 3, written: null } }],
    ["tokenUsage", { prompt: 12 }],
    ["tokens", [1, 2, 3]],
    ["hasPassword", true],
    ["password", null],
    ["token", null],
    ["cookies", false],
  ])("%s with %j beneath gives nothing away", (key, value) => {
    expect(redact({ [key]: value })).toEqual({ [key]: value });
  });

  it.each<[string, unknown]>([
    ["token", 123_456],
    ["otpToken", 123_456],
    ["password", 1_234],
    ["tokens", "12"],
    ["tokens", ["a"]],
    ["tokens", { shop: "lst_x" }],
    ["tokens", { deep: { deeper: [1, "x"] } }],
    ["apiKeys", [1]],
  ])("%s with %j beneath is hidden", (key, value) => {
    expect(redact({ [key]: value })).toEqual({ [key]: GONE });
  });
});

describe("values", () => {
  it("are looked at wherever they stand, and stay as they were", () => {
    const value = { users: [{ name: "ada", login: { password: "x" } }, { name: "bob" }], note: "password" };
    const before = structuredClone(value);
    expect(redact(value)).toEqual({
      users: [{ name: "ada", login: { password: GONE } }, { name: "bob" }],
      note: "password",
    });
    expect(value).toEqual(before);
  });

  it("that have nothing to hide are not copied", () => {
    const value = { users: [{ name: "ada" }] };
    expect(redact(value)).toBe(value);
  });

  it.each<[string, readonly string[][], unknown, unknown]>([
    [
      "a place",
      [["customer", "iban"]],
      { customer: { iban: "DE1", name: "a" } },
      { customer: { iban: GONE, name: "a" } },
    ],
    [
      "every element of a list",
      [["items", "iban"]],
      { items: [{ iban: 1 }, { iban: 2 }] },
      { items: [{ iban: GONE }, { iban: GONE }] },
    ],
    ["any key", [["*", "iban"]], { a: { iban: 1 }, b: { iban: [2] } }, { a: { iban: GONE }, b: { iban: GONE } }],
    ["a whole object", [["customer"]], { customer: { iban: 1 }, n: 1 }, { customer: GONE, n: 1 }],
    ["everything", [[]], { a: 1 }, GONE],
    [
      "nothing where the place is not",
      [["customer", "iban", "country"]],
      { customer: { iban: "DE1" } },
      { customer: { iban: "DE1" } },
    ],
    ["nothing for what objects inherit", [["constructor", "name"]], { a: 1 }, { a: 1 }],
  ])("paths hide %s", (_what, paths, value, shown) => {
    expect(redact(value, paths)).toEqual(shown);
  });

  it("a key __proto__ stays a key", () => {
    const value: unknown = JSON.parse(
      '{"__proto__":{"password":"x","admin":true},"constructor":{"prototype":{"secret":1}}}',
    );
    const shown = redact(value) as object;
    expect(JSON.stringify(shown)).toBe(
      '{"__proto__":{"password":"[redacted]","admin":true},"constructor":{"prototype":{"secret":"[redacted]"}}}',
    );
    expect(Object.getPrototypeOf(shown)).toBe(Object.prototype);
    expect("admin" in {}).toBe(false);
  });

  it("too deep or too many are not shown", () => {
    const deep = JSON.parse(`${'{"a":'.repeat(5_000)}"hunter2"${"}".repeat(5_000)}`) as unknown;
    expect(JSON.stringify(redact(deep))).not.toContain("hunter2");
    const many = redact(Array.from({ length: 300_000 }, (_, n) => ({ n, inner: {} }))) as unknown[];
    expect([many[0], many.at(-1)]).toEqual([{ n: 0, inner: {} }, GONE]);
  });

  it("of any shape come out with their keys, and without what stands under a secret one", () => {
    assert(
      property(jsonValue(), (value) => {
        const before = JSON.stringify(value);
        const shown = redact({ value, nested: [{ password: { canary: "c4n4ry" } }] });
        expect(JSON.stringify(shown)).not.toContain("c4n4ry");
        expect(JSON.stringify(value)).toBe(before);
      }),
    );
  });
});

describe("texts", () => {
  it.each([
    ["password=hunter2", "password=[redacted]"],
    ["login with password=hunter2&user=ada", "login with password=[redacted]&user=ada"],
    ['{"password":"hun\\"ter2","user":"ada"}', '{"password":"[redacted]","user":"ada"}'],
    ['{\\"password\\":\\"hunter2\\",\\"n\\":1}', '{\\"password\\":\\"[redacted]\\",\\"n\\":1}'],
    ["{ apiKey: 'hunter2', n: 1 }", "{ apiKey: '[redacted]', n: 1 }"],
    ["OPENAI_API_KEY = hunter2", "OPENAI_API_KEY = [redacted]"],
    ["Authorization: Basic aHVudGVyMg==", "Authorization: [redacted]"],
    ["authorization: Bearer hunter2hunter2\nnext: line", "authorization: [redacted]\nnext: line"],
    ["sent Bearer eyJhbGciOi.J9-x_1", "sent Bearer [redacted]"],
    ["Set-Cookie: a=hunter2; Path=/; b=hunter2\r\nX: 1", "Set-Cookie: [redacted]\r\nX: 1"],
    ["redis://app:hunter2@db:6379/0", "redis://app:[redacted]@db:6379/0"],
    ["amqp://:hunter2@db", "amqp://:[redacted]@db"],
    ["redis://app:hunter2@hunter2:hunter2@db:6379/0", "redis://app:[redacted]@db:6379/0"],
    ['{"tokens":["hunter2","hunter]2"],"n":1}', '{"tokens":[redacted],"n":1}'],
    ['{"Authorization":["Basic hunter2"]} sent', '{"Authorization":[redacted]} sent'],
    ["secret: { a: { b: 'hunter2' } }, n: 1", "secret: [redacted], n: 1"],
    ['cookies: [{ "a": "hunter2" }, { "b": "hunt', "cookies: [redacted]"],
    ["used lst_abcdefghijklmnopqrstuvwxyz", "used [redacted]"],
    ['msg="bad password=hunter2" secret=hunter2', 'msg="bad password=[redacted]" secret=[redacted]'],
    ["token=123456 maxTokens=4096 tokens: 12", "token=[redacted] maxTokens=4096 tokens: 12"],
    ['password="hunter2 without an end', "password=[redacted]"],
    ["?next=%2Fa%3Ftoken%3Dhunter2 was", "?next=%2Fa%3Ftoken%3D[redacted] was"],
    ["user[password]=hunter2&user[name]=ada", "user[password]=[redacted]&user[name]=ada"],
    ["user%5Bpassword%5D=hunter2&n=1", "user%5Bpassword%5D=[redacted]&n=1"],
    ["%7B%22apiKey%22%3A%22hunter2%22%7D", "%7B%22apiKey%22%3A[redacted]"],
    ["failed: pg_dump --password hunter2 --file x", "failed: pg_dump --password [redacted] --file x"],
    ['run --api-key "hunter2 hunter2" -v', 'run --api-key "[redacted]" -v'],
    ["run --token=hunter2 --max-tokens 12", "run --token=[redacted] --max-tokens 12"],
    ["get /v.mp4?X-Amz-Signature=hunter2&n=1", "get /v.mp4?X-Amz-Signature=[redacted]&n=1"],
    ["config.db.password: hunter2", "config.db.password: [redacted]"],
  ])("%s", (text, shown) => {
    expect(redactText(text)).toBe(shown);
    expect(redactText(shown)).toBe(shown);
  });

  it.each([
    "",
    "the password is wrong",
    "Unexpected token < in JSON at position 4",
    "Bearer authentication is needed",
    "hasPassword: true, cookies=false, secret: null",
    "at scan (file:///app/tokenizer.js:12:34)",
    "secretary: Ada",
    "a basic setup: fine",
    "https://example.org/a?b=c",
    "http://localhost:4873/@scope/package",
    "50% token",
    "run --password --verbose",
    "sum --tokens 12 --signature (a)",
  ])("stay: %s", (text) => {
    expect(redactText(text)).toBe(text);
  });

  it.each([
    ["unclosed quotes", 'password="'],
    ["headers on one line", "cookie: "],
    ["nested keys", "a=b:c=token:"],
    ["long words", "a".repeat(64)],
    ["colons", "://:"],
    ["addresses", "://:a@"],
    ["brackets", "secret=["],
    ["closed brackets", "secret=[] "],
    ["redacted ones", "password=[redacted] "],
    ["slashes", 'secret="\\\\\\\\'],
    ["dashes", "--a"],
    ["options", "--token "],
    ["unclosed options", '--token "'],
    ["coded keys", "%5Btoken%5D"],
  ])("of a megabyte of %s takes steps in proportion", (_what, piece) => {
    // What is quadratic here takes minutes for this size, and the test its time limit.
    const text = piece.repeat(Math.ceil(1_048_576 / piece.length));
    expect(redactText(text).length).toBeGreaterThan(0);
  });
});

it("what is said loses the secrets of its texts, too, at any depth", () => {
  const said = { error: { message: "password=hunter2", code: 7 }, why: ["Cookie: a=b"], token: "x", job: "1" };
  expect(redactSaid(said)).toEqual({
    error: { message: `password=${GONE}`, code: 7 },
    why: [`Cookie: ${GONE}`],
    token: GONE,
    job: "1",
  });
});
