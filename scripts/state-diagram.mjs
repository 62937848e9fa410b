// Draws the states of a job from the transition table into docs/internals.md, between two marks: a diagram for who looks,
// a table for who looks something up. `node scripts/state-diagram.mjs` writes it; with `--check` it only compares, and
// exits 1 when the page shows something else.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureBuilt, ensureInstalled, root, say } from "./setup.mjs";

ensureInstalled();
ensureBuilt("src");
const { STATES, TERMINAL_STATES, TRANSITIONS } = await import("../dist/model/job/state.js");

const BEGIN = "<!-- drawn from src/model/job/state.ts by scripts/state-diagram.mjs -->";
const END = "<!-- end of what is drawn -->";
const page = join(root, "docs/internals.md");

const text = readFileSync(page, "utf8");
const [before = "", , after = ""] = split(text);
const wanted = `${before}${BEGIN}\n\n${diagram()}\n\n${table()}\n\n${END}${after}`;
if (wanted === text) {
  say("docs/internals.md shows the transition table.");
} else if (process.argv.includes("--check")) {
  say("docs/internals.md shows other transitions than src/model/job/state.ts: run `npm run docs:states`.");
  process.exitCode = 1;
} else {
  writeFileSync(page, wanted);
  say("docs/internals.md: drawn.");
}

/**
 * What stands before, between and after the marks.
 * @param {string} whole
 */
function split(whole) {
  const from = whole.indexOf(BEGIN);
  const to = whole.indexOf(END);
  if (from < 0 || to < from) throw new Error(`docs/internals.md has no room for the states: ${BEGIN} … ${END}`);
  return [whole.slice(0, from), whole.slice(from + BEGIN.length, to), whole.slice(to + END.length)];
}

/** One arrow from each state to each other, with what causes it. A retry and a supersede are left to the table. */
function diagram() {
  /** @type {Map<string, string[]>} */
  const arrows = new Map();
  for (const { from, to, cause } of TRANSITIONS) {
    if (cause === "retry" || cause === "supersede" || cause === "cancel" || cause === "expire") continue;
    const arrow = `  ${from ?? "[*]"} --> ${to}`;
    arrows.set(arrow, [...(arrows.get(arrow) ?? []), cause]);
  }
  const lines = [...arrows].map(([arrow, causes]) => `${arrow}: ${causes.join(", ")}`);
  return ["```mermaid", "stateDiagram-v2", ...lines, "```"].join("\n");
}

function table() {
  /** @type {Map<string, { from: Set<string>, to: Set<string> }>} */
  const causes = new Map();
  for (const { from, to, cause } of TRANSITIONS) {
    const row = causes.get(cause) ?? { from: new Set(), to: new Set() };
    row.from.add(from ?? "(new)");
    row.to.add(to);
    causes.set(cause, row);
  }
  const rows = [...causes].map(([cause, { from, to }]) => [`\`${cause}\``, [...from].join(", "), [...to].join(", ")]);
  const head = ["cause", "from", "to"];
  const widths = head.map((word, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? word).length)));
  /** @param {string[]} row */
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  const ends = `Of the ${STATES.length} states ${TERMINAL_STATES.length} are terminal: ${TERMINAL_STATES.join(", ")}.`;
  return [line(head), rule, ...rows.map(line), "", ends].join("\n");
}
