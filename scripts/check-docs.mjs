// Checks that the documentation's examples are true: every ```ts block of README.md and docs/ compiles as a module
// of its own against the package, and every ```ts run block also runs, in an empty folder, and exits 0.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { ensureBuilt, ensureInstalled, root, say } from "./setup.mjs";

const runTimeoutMs = 60_000;

ensureInstalled();
ensureBuilt("src");
const folder = join(root, "build/docs");
rmSync(folder, { recursive: true, force: true });

const examples = pages().flatMap(examplesOf);
let failed = 0;
if (examples.length > 0) {
  for (const { path, code } of examples) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, code);
  }
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: "../../tsconfig.base.json",
      compilerOptions: { rootDir: ".", outDir: "run", incremental: false },
      include: ["**/*.ts"],
    }),
  );
  compile();
  for (const example of examples.filter(({ runs }) => runs)) runExample(example);
}
say(`Documentation: ${examples.length} examples, ${failed} failed.`);
process.exitCode = failed > 0 ? 1 : 0;

/** The pages to check, as paths from the root. Signatures (docs/api) are no examples; `npm run check:api` checks those. */
function pages() {
  const docs = join(root, "docs");
  const below = existsSync(docs) ? readdirSync(docs, { recursive: true, encoding: "utf8" }) : [];
  const all = ["README.md", ...below.map((name) => join("docs", name))];
  return all.filter((page) => page.endsWith(".md") && !page.endsWith(".api.md") && existsSync(join(root, page)));
}

/**
 * The examples of a page, each padded so that the compiler's line numbers are the page's.
 * @param {string} page
 */
function examplesOf(page) {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```ts( run)?[ \t]*\n([\s\S]*?)^```[ \t]*$/gm)].map((match, index) => {
    const [, run, code = ""] = match;
    const line = text.slice(0, match.index).split("\n").length;
    const name = `${page.replace(/\.md$/, "")}-${index + 1}`;
    return {
      page,
      line,
      runs: run !== undefined,
      name,
      path: join(folder, `${name}.ts`),
      code: "\n".repeat(line) + code,
    };
  });
}

function compile() {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", folder, "--pretty", "false"], {
    cwd: folder,
    encoding: "utf8",
  });
  if (status === 0) return;
  const wrong = new Set(
    stdout
      .split("\n")
      .map((line) => /^(\S+)\.ts\(/.exec(line)?.[1])
      .filter(Boolean),
  );
  failed += Math.max(1, wrong.size);
  say(stdout.replace(/^(\S+)-\d+\.ts\((\d+),/gm, "$1.md($2,"));
}

/** @param {{page: string, line: number, name: string}} example */
function runExample({ page, line, name }) {
  // Below the repository's folder, so that the examples find the package, and apart from each other's files.
  const program = join(folder, "run", `${name}.js`);
  const cwd = mkdtempSync(join(tmpdir(), "longshore-docs-"));
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [program], {
    cwd,
    encoding: "utf8",
    timeout: runTimeoutMs,
  });
  rmSync(cwd, { recursive: true, force: true });
  if (status === 0) return;
  failed++;
  say(`${relative(root, join(root, page))}:${line} ended with ${signal ?? `exit code ${status}`}\n${stdout}${stderr}`);
}
