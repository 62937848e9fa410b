// `npm run demo`, `npm run demo:site-scan` and `npm run demo:scraper`: installs what is missing, builds what changed,
// and runs the example that is named first with the arguments it was given. Everything it says itself goes to standard
// error.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureBuilt, ensureInstalled, giveUp, root, runNode } from "./setup.mjs";

const [example = "", ...args] = process.argv.slice(2);
if (!/^[\w-]+$/.test(example) || !existsSync(join(root, "examples", example, "main.ts"))) {
  giveUp(`No example is called "${example}"; see examples/.`);
}
ensureInstalled();
ensureBuilt("src", "examples");
process.exitCode = await runNode([join(root, `build/examples/${example}/main.js`), ...args]);
