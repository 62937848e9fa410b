// Packs `longshore-testkit`, the conformance suite for authors of engines, apart from the package that applications install:
// its entry in dist/ and every file that it or its types need, under the manifest of packages/testkit.
// `node scripts/pack-testkit.mjs FOLDER` writes the tarball there.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { giveUp, npm, root, say } from "./setup.mjs";

const importPattern = /(?:from|import) ?\(?"(\.[^"]+\.js)"/g;
const manifest = join(root, "packages/testkit");
const entry = "dist/engine/testkit/index.js";

const destination = resolve(process.argv[2] ?? giveUp("Usage: node scripts/pack-testkit.mjs FOLDER"));
if (!existsSync(join(root, entry))) giveUp("There is no dist/: run `npm run build` first.");
for (const name of ["version", "engines", "license"]) {
  const [ours, its] = [root, manifest].map((folder) => JSON.stringify(readManifest(folder)[name]));
  if (ours !== its) giveUp(`packages/testkit/package.json: ${name} is ${its}, that of package.json is ${ours}.`);
}

if (readManifest(manifest).peerDependencies.longshore !== readManifest(root).version) {
  giveUp("packages/testkit/package.json: the peer longshore is not the version of package.json.");
}

const folder = mkdtempSync(join(tmpdir(), "longshore-testkit-"));
try {
  cpSync(manifest, folder, { recursive: true });
  cpSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  const files = reachableFrom(entry);
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  mkdirSync(destination, { recursive: true });
  if (!npm(["pack", "--pack-destination", destination], folder)) giveUp("npm pack failed; its message is above.");
  say(`Test kit: packed ${files.length} files.`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * A module, its declarations and its map, and those of all that it or its declarations import, as paths from the root.
 * @param {string} start
 */
function reachableFrom(start) {
  const seen = new Set([start]);
  /** @type {string[]} */
  const files = [];
  for (const module of seen) {
    const present = [module, module.replace(/\.js$/, ".d.ts"), `${module}.map`].filter((file) =>
      existsSync(join(root, file)),
    );
    if (!present.includes(module)) giveUp(`${module} is not there: run \`npm run build -- --clean\`.`);
    files.push(...present);
    for (const file of present.filter((name) => !name.endsWith(".map"))) {
      for (const [, path = ""] of readFileSync(join(root, file), "utf8").matchAll(importPattern)) {
        seen.add(join(dirname(module), path).replaceAll("\\", "/"));
      }
    }
  }
  return files;
}

/** @param {string} folder */
function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}
