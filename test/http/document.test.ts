// The client and the document agree: the compiler holds each call to its operation and types (src/http/connection/types.ts, which
// `npm run check:api` compares with the document); here it is that no operation is forgotten.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, it } from "vitest";
import { connect } from "longshore";
import { createServer } from "longshore/server";

/** The operations that the client does not offer, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  "GET /api/openapi.json": "for tools that read the document",
  "POST /api/session": "for browsers that sign in: a client sends its token",
  "GET /api/session": "for browsers that sign in",
  "DELETE /api/session": "for browsers that sign in",
  "GET /api/audit": "for operators",
};

const folder = fileURLToPath(new URL("../../src/http/", import.meta.url));

let documented: string[];
let offered: string[];

beforeAll(async () => {
  const longshore = await connect("memory:");
  const { fetch } = createServer(longshore, { open: true });
  const { paths } = (await (await fetch(new Request("http://localhost/api/openapi.json"))).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  await longshore.close();
  documented = Object.entries(paths).flatMap(([path, methods]) => {
    return Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`);
  });
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => file.endsWith(".ts") && !file.endsWith("types.ts"));
  const calls = sources.flatMap((file) => {
    return [...readFileSync(folder + file, "utf8").matchAll(/"((?:GET|POST|PUT|PATCH|DELETE) \/[^"]*)"/g)];
  });
  offered = [...new Set(calls.map(([, operation = ""]) => operation))];
});

it("the client calls no operation that the document does not have", () => {
  expect(offered.filter((operation) => !documented.includes(operation))).toEqual([]);
});

it("the client offers every operation, but those that are left out for a reason", () => {
  const missing = documented.filter((operation) => !offered.includes(operation) && !(operation in LEFT_OUT));
  expect(missing).toEqual([]);
});

it("nothing is said to be left out that is offered, or not there", () => {
  const wrong = Object.keys(LEFT_OUT).filter(
    (operation) => offered.includes(operation) || !documented.includes(operation),
  );
  expect(wrong).toEqual([]);
});
