import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const script = fileURLToPath(new URL("../../scripts/check-scripts.mjs", import.meta.url));

/** Checks a folder that has only these Lua files; answers what it complains about, and what it prints of each script. */
function check(files: Record<string, string>): { code: number | null; breaches: string[]; list: string } {
  const root = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-scripts-`));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, code] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), code);
  }
  const { status, stderr, stdout } = spawnSync(process.execPath, [script, "--list", root], { encoding: "utf8" });
  const breaches = stderr.split("\n").filter((line) => !line.startsWith("Scripts:") && line !== "");
  return { code: status, breaches, list: stdout };
}

const batch = `-- Writing.
local gathered = {}
local function put(key_name, field, value)
  gathered[key_name] = { field, value }
end
local function flush()
  for name, one in pairs(gathered) do redis.call('HSET', K[name], unpack(one)) end -- keys: (those of what was gathered)
end
`;
const moves = `-- Moving.
-- Needs: batch.lua.
local function stand(id, state)
  if state == QUEUED then put('wait', id, 1) else put('done' .. state, id, 1) end
end
local function forget(id) put('log', id, false) end
`;
const main = `-- KEYS: wait done5 done6
-- ARGV: now, id
-- include: batch moves

stand(ARGV[2], COMPLETED)
flush()
return 1
`;
const order = { "lib/batch.lua": batch, "lib/moves.lua": moves, "move.lua": main };

test("scripts that keep to the rules are in order, and a function that no script calls needs no keys", () => {
  expect(check(order)).toMatchObject({ code: 0, breaches: [] });
});

test.each([
  ["locals in a row", "local a, b, c = 1, 2, 3", 3],
  ["locals of a block that has ended", "do local a, b, c = 1, 2, 3 end local d", 3],
  ["locals of a block that has not", "local d do local a, b, c = 1, 2, 3 end", 4],
  ["a loop, with the three that Lua keeps", "for i = 1, 2 do local a end", 5],
  ["a loop over pairs", "for k, v in pairs({}) do local a end", 6],
  ["a function, but not its own locals", "local function f(x, y) local a, b = 1, 2 end", 1],
  ["branches, of which one runs", "if a then local b, c elseif d then local e else local f end", 2],
])("what is left of Lua's 200 local variables is counted: %s", (_what, code, locals) => {
  const { list } = check({ "count.lua": code });
  // K and NOW stand before every script.
  expect(list).toContain(`count: ${200 - 2 - locals} locals to spare`);
});

const many = (count: number): string => Array.from({ length: count }, (_, index) => `local v${index} = 0`).join("\n");

test("20 of them are left in every script", () => {
  expect(check({ "full.lua": many(178) }).breaches).toEqual([]);
  expect(check({ "full.lua": many(179) }).breaches).toEqual([
    "full.lua:1 has 19 local variables to spare; 20 are to be left",
  ]);
});

test.each<[string, Record<string, string>, string]>([
  [
    "a key that is named and not declared",
    { "move.lua": main.replace("return 1", "return redis.call('GET', K.conf)") },
    "move.lua:7 names the key conf, which move.lua does not declare",
  ],
  [
    "a key that an included function names, once it is called",
    { "move.lua": main.replace("flush()", "forget(ARGV[2])\nflush()") },
    "lib/moves.lua:6 names the key log, which move.lua does not declare",
  ],
  [
    "a key that is passed by name through another function",
    { "move.lua": main.replace("flush()", "local function note(key_name) put(key_name, 1, 2) end\nnote('outbox')") },
    "move.lua:7 names the key outbox, which move.lua does not declare",
  ],
  [
    "a key that a loop goes over",
    { "move.lua": main.replace("flush()", "for _, key_name in ipairs({ 'wait', 'tags' }) do put(key_name, 1, 2) end") },
    "move.lua:6 names the key tags, which move.lua does not declare",
  ],
  [
    "one of the keys that begin alike",
    { "move.lua": main.replace(" done6", ""), "other.lua": "-- KEYS: done6\nreturn K.done6" },
    "lib/moves.lua:4 names the key done6, which move.lua does not declare",
  ],
  [
    "a key in the callback of another function",
    { "move.lua": main.replace("flush()", "local function each(f) f() end\neach(function() return K.held end)") },
    "move.lua:7 names the key held, which move.lua does not declare",
  ],
  [
    "a key that a comment says is meant",
    { "move.lua": main.replace("flush()", "put(ARGV[3], 1, 2) -- keys: wait meta") },
    "move.lua:6 names the key meta, which move.lua does not declare",
  ],
  [
    "a key whose name cannot be followed",
    { "move.lua": main.replace("flush()", "put(ARGV[3], 1, 2)") },
    'move.lua:6 names a key, and it cannot be told which (add "-- keys: …")',
  ],
  [
    "who takes the table of the keys itself, and may name any",
    { "move.lua": main.replace("flush()", "local all = K") },
    'move.lua:6 names a key, and it cannot be told which (add "-- keys: …")',
  ],
  [
    "a key that is declared and not used",
    { "move.lua": main.replace("KEYS: wait", "KEYS: log wait") },
    "move.lua:1 declares the key log, which it does not use",
  ],
  [
    "a key that stays when all are removed",
    { "remove.lua": "-- KEYS: wait done5\nredis.call('UNLINK', unpack(KEYS))" },
    "remove.lua:2 uses all keys, but remove.lua does not declare done6",
  ],
  [
    "a key that is declared twice",
    { "move.lua": main.replace("KEYS: wait", "KEYS: wait wait") },
    "move.lua:1 declares the key wait twice",
  ],
  [
    "an include without what it needs",
    { "move.lua": main.replace("include: batch moves", "include: moves") },
    "move.lua:1 includes lib/moves.lua without lib/batch.lua before it",
  ],
  [
    "an include before what it needs",
    { "move.lua": main.replace("include: batch moves", "include: moves batch") },
    "move.lua:1 includes lib/moves.lua without lib/batch.lua before it",
  ],
  [
    "an include that uses what its head leaves out",
    { "lib/moves.lua": moves.replace("-- Needs: batch.lua.\n", "") },
    "lib/moves.lua:3 uses put of lib/batch.lua, which its Needs leave out",
  ],
  [
    "an include that acts",
    { "lib/batch.lua": `${batch}flush()\n` },
    "lib/batch.lua:9 flush speaks to Redis when it is included: let the script call a function",
  ],
  [
    "an include that reads",
    { "lib/batch.lua": `${batch}local now = redis.call('TIME')\n` },
    "lib/batch.lua:9 redis.call speaks to Redis when it is included: let the script call a function",
  ],
  [
    "a name that is not known where it stands",
    { "move.lua": main.replace("flush()", "flush()\nflsh()") },
    "move.lua:7 flsh is not defined here (in move.lua)",
  ],
  [
    "a local variable out of its block",
    { "move.lua": main.replace("flush()", "do local inner = 1 end\nflush(inner)") },
    "move.lua:7 inner is not defined here (in move.lua)",
  ],
  [
    "an unknown constant",
    { "move.lua": main.replace("COMPLETED", "COMPLETE") },
    "scripts/move.lua: COMPLETE is neither a constant nor declared (see script-constants.ts)",
  ],
  [
    "what is not Lua",
    { "move.lua": main.replace("flush()", "flush(") },
    'move.lua:7: "return" stands where a name was due',
  ],
])("%s is a breach", (_what, files, complaint) => {
  const { code, breaches } = check({ ...order, ...files });
  expect(code).toBe(1);
  expect(breaches).toContain(complaint);
});

const uses = (count: number): string =>
  `${many(100)}\nlocal function f()\n${Array.from({ length: count }, (_, index) => `  v${index} = 1`).join("\n")}\nend`;

test("a function cannot use nearly all the variables of what is around it that Lua has room for", () => {
  expect(check({ "deep.lua": uses(10) }).breaches).toEqual([]);
  expect(check({ "deep.lua": uses(56) }).breaches).toEqual([
    "deep.lua:101 f uses 56 variables of what is around it (in deep.lua)",
  ]);
});
