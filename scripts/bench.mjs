// `npm run bench`: installs what is missing, builds, finds a Redis server, and runs the measurements with
// the arguments it was given. They start private servers with the executable named in LONGSHORE_REDIS_SERVER.
import { join } from "node:path";
import { findRedisServer } from "./redis.mjs";
import { ensureBuilt, ensureInstalled, root, runNode } from "./setup.mjs";

ensureInstalled();
ensureBuilt("src", "bench");
const program = join(root, "build/bench/main.js");
const env = { ...process.env, LONGSHORE_REDIS_SERVER: findRedisServer() };
process.exitCode = await runNode([program, ...process.argv.slice(2)], env);
