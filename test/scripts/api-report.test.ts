/** The pages in docs/api/: what they say of a package, and which changes of it they do not let pass unseen. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const script = fileURLToPath(new URL("../../scripts/api-report.mjs", import.meta.url));

const built: Record<string, string> = {
  "package.json": JSON.stringify({
    name: "quayside",
    exports: {
      ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./tools": { types: "./dist/tools/index.d.ts", default: "./dist/tools/index.js" },
      "./package.json": "./package.json",
    },
  }),
  "dist/index.d.ts": `/** Ships. */
export { load, type LoadOptions } from "./load.js";
export type { Ship } from "./ship.js";
export { Ship as Tug } from "./ship.js";
`,
  "dist/load.d.ts": `import type { Cargo as Goods, Ship } from "./ship.js";
/** How to load. */
export interface LoadOptions {
    /** Default: \`{ "a": "/* no comment *\\/" }\`. */
    crane?: "big /* */" | "small";
}
/** Loads one. */
export declare function load(ship: Ship, goods: Goods): Promise<void>;
export declare function load(ship: string, options?: LoadOptions): Promise<void>;
export declare function unload(ship: Ship): void;
`,
  "dist/ship.d.ts": `import type { Crew } from "./crew.js";
export declare class Ship {
    #private;
    private secret;
    readonly name: string;
    /** @internal Ships come from \`load\`. */
    constructor(crew: Crew);
    sail(to: {
        port: string;
    }): typeof SPEED;
    /** @internal */
    sink(): void;
}
declare const SPEED = 12;
/** What is loaded. */
export type Cargo =
/** By name. */
string
/** By weight. */
 | Weight;
type Weight = {
    kg: number;
};
export {};
`,
  "dist/crew.d.ts": `export interface Crew {
    size: number;
}
`,
  "dist/tools/index.d.ts": `export type * from "../crew.js";
`,
};

/** A package that has these declaration files, whose pages are written and compared. */
function packageOf(files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-api-`));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const [path, text] of Object.entries(files)) put(path, text);
  const run = (...options: string[]) => {
    const { status, stderr } = spawnSync(process.execPath, [script, ...options, root], { encoding: "utf8" });
    return { code: status, says: stderr };
  };
  return {
    put,
    write: () => run(),
    check: () => run("--check"),
    page: (name: string) => readFileSync(join(root, "docs/api", name), "utf8"),
  };
}

/** The code of a page, by section. */
function sections(page: string): string[] {
  return [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
}

test("a page has the signature of every exported name in order, and of what those refer to", () => {
  const { write, page } = packageOf(built);
  expect(write().code).toBe(0);
  expect(sections(page("quayside.api.md"))).toEqual([
    `export function load(ship: Ship, goods: Goods): Promise<void>;
export function load(ship: string, options?: LoadOptions): Promise<void>;

export interface LoadOptions {
    crane?: "big /* */" | "small";
}

// only the type is exported
export class Ship {
    readonly name: string;
    sail(to: {
        port: string;
    }): typeof SPEED;
}

// exported as Tug
export class Ship {
    readonly name: string;
    sail(to: {
        port: string;
    }): typeof SPEED;
}
`,
    `type Cargo = string | Weight;

const SPEED = 12;

type Weight = {
    kg: number;
};
`,
  ]);
});

test("every entry of the package has a page", () => {
  const { write, page } = packageOf(built);
  write();
  expect(page("quayside-tools.api.md")).toContain("# API of `quayside/tools`");
  expect(sections(page("quayside-tools.api.md"))[0]).toBe("export interface Crew {\n    size: number;\n}\n");
});

test("a page that was committed as it is passes", () => {
  const { write, check } = packageOf(built);
  write();
  expect(check()).toEqual({ code: 0, says: "API: 2 pages, all as committed.\n" });
});

test.each([
  ["an added option", "dist/load.d.ts", `crane?:`, `hurry?: boolean;\n    crane?:`, ["+    hurry?: boolean;"]],
  ["a removed member", "dist/ship.d.ts", `    readonly name: string;\n`, ``, ["-    readonly name: string;"]],
  [
    "a changed overload",
    "dist/load.d.ts",
    `load(ship: string, options?`,
    `load(ship: string, options`,
    [
      "-export function load(ship: string, options?: LoadOptions): Promise<void>;",
      "+export function load(ship: string, options: LoadOptions): Promise<void>;",
    ],
  ],
  [
    "a change of what is not exported",
    "dist/ship.d.ts",
    `kg: number`,
    `kg: bigint`,
    ["-    kg: number;", "+    kg: bigint;"],
  ],
  [
    "a class that can be made where only its type could",
    "dist/index.d.ts",
    `export type { Ship }`,
    `export { Ship }`,
    ["-// only the type is exported"],
  ],
])("%s is seen", (_, path, before, after, lines) => {
  const { write, put, check } = packageOf(built);
  write();
  put(path, (built[path] ?? "").replace(before, after));
  const { code, says } = check();
  expect(code).toBe(1);
  expect(says).toContain("--- committed/quayside.api.md\n+++ built/quayside.api.md\n@@ ");
  expect(says.split("\n").filter((line) => /^[-+](?![-+]{2} )./.test(line))).toEqual(expect.arrayContaining(lines));
  expect(says).toContain("run `npm run api` and commit it on purpose");
});

test.each([
  ["a comment", "dist/load.d.ts", "How to load.", "How to load, and when."],
  ["a private member", "dist/ship.d.ts", "private secret;", "private mystery;"],
  ["what is @internal", "dist/ship.d.ts", "sink(): void", "sink(depth: number): void"],
  ["what nothing public refers to", "dist/load.d.ts", "unload(ship: Ship)", "unload(ship: string)"],
])("a change of %s changes no page", (_, path, before, after) => {
  const { write, put, check } = packageOf(built);
  write();
  const text = (built[path] ?? "").replace(before, after);
  expect(text).not.toBe(built[path]);
  put(path, text);
  expect(check().code).toBe(0);
});

test("a page that is missing is seen, and of a long difference only the beginning is shown", () => {
  const members = Array.from({ length: 200 }, (_, index) => `    member${index}: number;\n`).join("");
  const { check } = packageOf({ ...built, "dist/crew.d.ts": `export interface Crew {\n${members}}\n` });
  const { code, says } = check();
  expect(code).toBe(1);
  expect(says).toMatch(/… and \d+ lines more/);
  expect(says.split("\n").length).toBeLessThan(130);
});

test.each([
  [
    "a declaration file that is not there",
    "dist/index.d.ts",
    `export { a } from "./a.js";\n`,
    "run `npm run build` first",
  ],
  ["an exported name that is declared nowhere", "dist/index.d.ts", `export { Boat } from "./ship.js";\n`, "Boat"],
  ["a statement that is not understood", "dist/index.d.ts", `export default 1;\n`, "export default 1;"],
])("%s is an error, not a gap", (_, path, text, says) => {
  const answer = packageOf({ ...built, [path]: text }).write();
  expect(answer.code).toBe(1);
  expect(answer.says).toContain(says);
});
