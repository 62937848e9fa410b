// `npm run demo`: installs what is missing, builds what changed, and runs the requirements analysis on
// SQLite with the arguments it was given. Everything it says itself goes to standard error.
import { join } from "node:path";
import { ensureBuilt, ensureInstalled, root, runNode } from "./setup.mjs";

ensureInstalled();
ensureBuilt("src", "examples");
const program = join(root, "build/examples/requirements-analysis/main.js");
process.exitCode = await runNode([program, ...process.argv.slice(2)]);
