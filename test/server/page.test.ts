// The table of routes in docs/server.md is what the OpenAPI document says.
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { readDocument } from "./contract/document.js";

const PAGE = new URL("../../docs/server.md", import.meta.url);

/** The cells of a line of a table. */
function cellsOf(line: string): string[] {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function inOrder(lines: readonly (readonly string[])[]): string[] {
  return lines.map((cells) => cells.join(" | ")).toSorted();
}

it("the page on the server has all routes, with their scopes, and no other", async () => {
  const { operations } = await readDocument({ open: true });
  const wanted = operations.map(({ name, summary = "", ...rest }) => [`\`${name}\``, rest["x-scope"] ?? "", summary]);
  const page = await readFile(PAGE, "utf8");
  const [, part = ""] = /<!-- routes: [^>]*-->([\s\S]*?)<!-- end of routes -->/.exec(page) ?? [];
  const [, , ...rows] = part.trim().split("\n").map(cellsOf);

  expect(inOrder(rows)).toEqual(inOrder(wanted));
});
