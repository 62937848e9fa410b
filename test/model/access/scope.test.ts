// Scopes: which right holds which.
import { expect, it } from "vitest";
import { grantsAllow, SCOPES, type Grant, type Scope } from "../../../src/model/access/scope.js";

it.each<[Grant, readonly Scope[]]>([
  ["read", ["read"]],
  ["read:payload", ["read", "read:payload"]],
  ["enqueue", ["enqueue"]],
  ["enqueue:mail", ["enqueue"]],
  ["operate", ["read", "operate"]],
  ["admin", ["read", "read:payload", "enqueue", "operate", "admin"]],
])("%s holds %j and no other", (grant, held) => {
  expect(SCOPES.filter((scope) => grantsAllow([grant], scope))).toEqual(held);
});

it("a right for one queue is for that queue, whatever its name is like", () => {
  expect(grantsAllow(["enqueue:mail"], "enqueue", "mail")).toBe(true);
  expect(grantsAllow(["enqueue:mail"], "enqueue", "mail:low")).toBe(false);
  expect(grantsAllow(["enqueue:mail:low"], "enqueue", "mail:low")).toBe(true);
  expect(grantsAllow(["enqueue:mail"], "read", "mail")).toBe(false);
  expect(grantsAllow(["enqueue"], "enqueue", "mail")).toBe(true);
  expect(grantsAllow(["admin"], "enqueue", "mail")).toBe(true);
  expect(grantsAllow([], "read")).toBe(false);
});
