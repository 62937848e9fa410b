// The options that say who may do what: a slip in one is refused, and its error shows no secret.
import { expect, it } from "vitest";
import { attach } from "longshore";
import { createServer } from "longshore/server";
import { MemoryEngine } from "../../../src/engine/memory/engine.js";

const SECRET = "a-secret-of-the-configuration";
const token = { name: "ops", token: SECRET, scopes: ["admin"] };

it.each<[string, Record<string, unknown>, string]>([
  ["tokens that are no list", { tokens: SECRET }, "tokens"],
  ["a token that is a text", { tokens: [SECRET] }, "tokens[0]"],
  ["a token without a secret", { tokens: [{ ...token, token: undefined }] }, "tokens[0].token"],
  ["a secret that is short", { tokens: [{ ...token, token: SECRET.slice(0, 15) }] }, "tokens[0].token"],
  ["a secret with a blank", { tokens: [{ ...token, token: `${SECRET} x` }] }, "tokens[0].token"],
  ["a secret that no header carries", { tokens: [{ ...token, token: `${SECRET}é` }] }, "tokens[0].token"],
  ["a token without a name", { tokens: [{ ...token, name: "" }] }, "tokens[0].name"],
  ["two tokens of one name", { tokens: [token, { ...token, token: `${SECRET}2` }] }, "tokens[1].name"],
  ["a token without scopes", { tokens: [{ ...token, scopes: [] }] }, "tokens[0].scopes"],
  ["a token with a scope that is none", { tokens: [{ ...token, scopes: ["all"] }] }, "tokens[0].scopes[0]"],
  ["a misspelt field of a token", { tokens: [{ ...token, secret: SECRET }] }, "tokens[0].secret"],
  ["a hook that is none", { authorize: true }, "authorize"],
  ["a switch that is a text", { open: "false" }, "open"],
  ["another", { storedTokens: 1 }, "storedTokens"],
  ["sessions without end", { sessionTime: "31d" }, "sessionTime"],
  ["sessions that end at once", { sessionTime: 0 }, "sessionTime"],
  ["names that are no list", { hosts: "localhost" }, "hosts"],
  ["an address for a name", { hosts: ["https://jobs.example.org"] }, "hosts[0]"],
  ["a pattern for a name", { hosts: ["*.example.org"] }, "hosts[0]"],
  ["all origins", { cors: ["*"] }, "cors[0]"],
  ["an origin with a path", { cors: ["https://app.example.org/"] }, "cors[0]"],
  ["an origin of files", { cors: ["file://x"] }, "cors[0]"],
  ["an origin that is none", { cors: ["null"] }, "cors[0]"],
  ["a limit without a time", { createLimit: { rate: 1 } }, "createLimit.per"],
  ["a limit of nothing", { createLimit: { rate: 0, per: "1s" } }, "createLimit.rate"],
  ["a limit with more", { createLimit: { rate: 1, per: "1s", burst: 2 } }, "createLimit.burst"],
  ["a misspelt option", { token: SECRET }, "token"],
])("%s", async (_what, options, field) => {
  const longshore = attach(new MemoryEngine());
  const make = (): unknown => createServer(longshore, options);
  expect(make).toThrow(expect.objectContaining({ code: "INVALID_INPUT", field }) as Error);
  let message = "";
  try {
    make();
  } catch (error) {
    message = String(error);
  }
  expect(message).not.toContain(SECRET.slice(0, 15));
  await longshore.close();
});
