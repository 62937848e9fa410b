// Checks the Lua scripts of the Redis engine, each as it is put together: every key that its code can reach is declared in
// its head and no other, every include stands behind those it needs and only defines, every name is known where it stands,
// and enough of the 200 local variables that Lua has room for are left. `node scripts/check-scripts.mjs [--list] [folder]`,
// after a build; --list prints a line per script. Prints each breach and exits 1 when there is one.
import { fileURLToPath } from "node:url";
import { compose } from "../dist/engine/redis/connection/compose.js";
import { scriptFiles } from "../dist/engine/redis/connection/script-files.js";
import { KEY_NAME } from "./lua-functions.mjs";
import { parse } from "./lua.mjs";

/** @typedef {import("./lua-functions.mjs").LuaFunction} LuaFunction */
/** @typedef {import("./lua-tokens.mjs").Place} Place */

const args = process.argv.slice(2);
const folder =
  args.find((arg) => arg !== "--list") ?? fileURLToPath(new URL("../src/engine/redis/scripts", import.meta.url));

/** How many local variables Lua has room for in a function, and variables of functions around it. */
const MOST_LOCALS = 200;
const MOST_UPVALUES = 60;
/** How many are to be left, so that the next change still compiles. */
const SPARE_LOCALS = 20;
const SPARE_UPVALUES = 5;
/** Those that stand before every script: K and NOW. */
const ALWAYS = 2;

/** What there is without being declared. `db` and `cluster` are no keys, but stand among them. */
const GIVEN = [
  ...["KEYS", "ARGV", "K", "NOW", "redis", "cjson", "struct", "string", "table", "math", "tonumber", "tostring"],
  ...["ipairs", "pairs", "unpack", "type", "pcall", "error", "next", "select"],
];
const NO_KEYS = ["db", "cluster"];

/** @type {Set<string>} */
const breaches = new Set();
const { names: files, read } = scriptFiles(folder);
const names = files.flatMap((file) => (file.startsWith("lib/") ? [] : [file.slice(0, -".lua".length)]));
/** Every key of a queue: documents are in a place of their own. */
const everyKey = new Set(
  names
    .map((name) => read(`${name}.lua`))
    .filter((text) => !/^-- include: .*\bdocuments\b/m.test(text))
    .flatMap((text) => [...text.matchAll(/^-- KEYS: (.*)$/gm)].flatMap(words)),
);
const lines = names.sort().map(checkScript);

if (args.includes("--list")) for (const line of lines) console.log(line);
for (const breach of breaches) console.error(breach);
console.error(
  breaches.size === 0
    ? `Scripts: ${names.length}, all in order.`
    : `Scripts: ${breaches.size} breach${breaches.size === 1 ? "" : "es"} of what holds for all of them.`,
);
process.exitCode = breaches.size === 0 ? 0 : 1;

/** @param {RegExpMatchArray} match */
function words(match) {
  return (match[1] ?? "").trim().split(/\s+/);
}

/** @param {string} name */
function checkScript(name) {
  /** @type {string[]} */
  const included = [];
  let composition;
  let chunk;
  try {
    composition = compose(name, (path) => {
      if (!path.startsWith("lib/")) return `--@ ${path}\n${read(path)}`;
      checkOrder(name, path, included);
      return `--@ ${path}\n${read(path)}\n--@ back`;
    });
    chunk = parse(composition.body, GIVEN);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    breaches.add(error.message);
    return `${name}: cannot be read`;
  }
  for (const { name: unknown, place } of chunk.unknown) {
    complain(place, `${unknown} is not defined here (in ${name}.lua)`);
  }
  const reached = reachableFrom(chunk.main, chunk.functions);
  checkKeys(name, composition.keys, reached);
  checkActs(chunk.main);
  checkNeeds(chunk.functions);
  const locals = chunk.main.mostLocals + ALWAYS;
  const spare = MOST_LOCALS - locals;
  if (spare < SPARE_LOCALS) {
    breaches.add(`${name}.lua:1 has ${spare} local variables to spare; ${SPARE_LOCALS} are to be left`);
  }
  let upvalues = 0;
  for (const one of chunk.functions) {
    upvalues = Math.max(upvalues, one.upvalues.size);
    if (one !== chunk.main && MOST_LOCALS - one.mostLocals < SPARE_LOCALS) {
      complain(one.place, `${one.name} has ${one.mostLocals} local variables`);
    }
    if (MOST_UPVALUES - one.upvalues.size < SPARE_UPVALUES) {
      complain(one.place, `${one.name} uses ${one.upvalues.size} variables of what is around it (in ${name}.lua)`);
    }
  }
  return `${name}: ${spare} locals to spare, at most ${upvalues} upvalues, ${composition.keys.length} keys, ${included.length} includes`;
}

/** @param {Place} place @param {string} what */
function complain({ file, line }, what) {
  breaches.add(`${file}:${line} ${what}`);
}

/** What the head of an include says that it needs. @param {string} path */
function needsOf(path) {
  const [, said = ""] = /^-- Needs: ((?:.*\n--)*?.*\.)$/m.exec(read(path)) ?? [];
  return [...said.matchAll(/([\w-]+)\.lua/g)].map(([, need]) => `lib/${need}.lua`);
}

/** @param {string} script @param {string} path @param {string[]} included */
function checkOrder(script, path, included) {
  for (const need of needsOf(path)) {
    if (!included.includes(need)) breaches.add(`${script}.lua:1 includes ${path} without ${need} before it`);
  }
  if (included.includes(path)) breaches.add(`${script}.lua:1 includes ${path} twice`);
  included.push(path);
}

/** Whether an include names what another one defines that its head does not name. @param {LuaFunction[]} functions */
function checkNeeds(functions) {
  for (const { references } of functions) {
    for (const { binding, place } of references) {
      const [user, maker] = [place.file, binding.place.file];
      if (user === maker || !user.startsWith("lib/")) continue;
      if (!needsOf(user).includes(maker))
        complain(place, `uses ${binding.name} of ${maker}, which its Needs leave out`);
    }
  }
}

/**
 * The functions that may run when the script does.
 * @param {LuaFunction} main
 * @param {LuaFunction[]} functions
 * @returns {Set<LuaFunction>}
 */
function reachableFrom(main, functions) {
  const reached = new Set([main]);
  for (const one of reached) {
    for (const other of functions) if (other.parent === one && other.loose) reached.add(other);
    for (const { binding, field } of one.references) {
      for (const other of binding.known(field)) reached.add(other);
    }
  }
  return reached;
}

/** @param {string} script @param {readonly string[]} declared @param {Set<LuaFunction>} reached */
function checkKeys(script, declared, reached) {
  /** @type {Set<string>} */
  const used = new Set();
  /** @param {string} key @param {Place} place */
  const use = (key, place) => {
    if (key === "*") {
      for (const one of declared) used.add(one);
      for (const one of everyKey) {
        if (!declared.includes(one)) complain(place, `uses all keys, but ${script}.lua does not declare ${one}`);
      }
      return;
    }
    const [prefix] = key.split("*");
    const meant = key.endsWith("*") ? [...everyKey].filter((one) => numbered(one) === prefix) : [key];
    for (const one of meant.length === 0 ? [key] : meant) {
      if (NO_KEYS.includes(one) || used.has(one)) continue;
      used.add(one);
      if (!declared.includes(one)) complain(place, `names the key ${one}, which ${script}.lua does not declare`);
    }
  };
  for (const one of reached) {
    for (const { key, place } of one.keys) use(key, place);
    for (const place of one.riddles) complain(place, `names a key, and it cannot be told which (add "-- keys: …")`);
    for (const call of one.calls) {
      for (const at of keyParameters(call)) {
        const value = call.args[at] ?? {};
        const keys = call.noted ?? (value.name === KEY_NAME ? [] : value.keys);
        if (keys === undefined) complain(call.place, `names a key, and it cannot be told which (add "-- keys: …")`);
        for (const key of keys ?? []) use(key, call.place);
      }
    }
  }
  for (const key of declared) {
    if (!used.has(key)) breaches.add(`${script}.lua:1 declares the key ${key}, which it does not use`);
  }
  for (const key of declared.filter((one, index) => declared.indexOf(one) !== index)) {
    breaches.add(`${script}.lua:1 declares the key ${key} twice`);
  }
}

/** A key that ends in a number, without it. @param {string} key */
function numbered(key) {
  return /\d$/.test(key) ? key.replace(/\d+$/, "") : undefined;
}

/** Which arguments of a call name keys. @param {LuaFunction["calls"][number]} call */
function keyParameters({ binding, field }) {
  const called = binding?.called(field) ?? [];
  return called.flatMap(({ parameters }) => parameters.flatMap((one, index) => (one === KEY_NAME ? [index] : [])));
}

/** Whether an include does anything when it is pasted but define. @param {LuaFunction} main */
function checkActs(main) {
  for (const { binding, field, text, place } of main.calls) {
    if (!place.file.startsWith("lib/")) continue;
    if (isOfRedis(text) || binding?.called(field).some((one) => speaks(one))) {
      complain(place, `${text} speaks to Redis when it is included: let the script call a function`);
    }
  }
}

/** @param {string} text */
function isOfRedis(text) {
  return text === "redis.call" || text === "redis.pcall";
}

/** Does a function, or one that it calls, speak to Redis? @param {LuaFunction} one @param {Set<LuaFunction>} seen @returns {boolean} */
function speaks(one, seen = new Set()) {
  if (seen.has(one)) return false;
  seen.add(one);
  return one.calls.some(
    ({ binding, field, text }) => isOfRedis(text) || binding?.called(field).some((other) => speaks(other, seen)),
  );
}
