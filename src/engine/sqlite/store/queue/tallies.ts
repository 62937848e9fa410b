/**
 * Ends of jobs on their way into the series: each command leaves one row with the sums of what it ended, which costs it one
 * insert. A sweep, and any reader, adds them up, some at a time, by minute, by hour and altogether.
 */
import { addFigures, addPacked, noFigures, type Figures } from "../../../../model/series/figures.js";
import { MOST_SERIES_TASKS, OTHER_TASKS } from "../../../contract/worker/series.js";
import { addedUp, HOUR, MINUTE, MOST_FOLDED, type Ends } from "../../../shared/series.js";
import type { Sql } from "../../database/sql.js";

const LEAVE = `INSERT INTO tallies (queue, number, minute, ends)
  SELECT ?, coalesce(max(number), 0) + 1, ?, ? FROM tallies WHERE queue = ?`;
const FIRST = "SELECT number, minute, ends FROM tallies WHERE queue = ? ORDER BY number LIMIT ? + 0";
const DROP = "DELETE FROM tallies WHERE queue = ? AND number <= ?";
const TASKS = "SELECT DISTINCT task FROM totals WHERE queue = ?";
const READ = {
  series: "SELECT figures FROM series WHERE queue = ? AND width = ? AND slot = ? AND task = ? AND outcome = ?",
  totals: "SELECT figures FROM totals WHERE queue = ? AND task = ? AND outcome = ?",
} as const;
const WRITE = {
  series: "INSERT OR REPLACE INTO series (queue, width, slot, task, outcome, figures) VALUES (?, ?, ?, ?, ?, ?)",
  totals: "INSERT OR REPLACE INTO totals (queue, task, outcome, figures) VALUES (?, ?, ?, ?)",
} as const;

/** How many rows are read at a time: one may have hundreds of lines. */
const PAGE = 100;
/** After how many sums of a minute, a task and an outcome one call leaves the rest to the next: each is three rows. */
const MOST_SUMS = 200;

interface Sum {
  readonly minute: number;
  readonly task: string;
  readonly letter: string;
  readonly figures: Figures;
}

/** Leaves the ends that a command caused in a queue. */
export function leaveTally(sql: Sql, queue: number, ends: Ends, now: number): void {
  sql.run(LEAVE, queue, Math.floor(now / MINUTE), JSON.stringify(ends.lines()), queue);
}

/** Is there anything to add up? */
export function hasTallies(sql: Sql, queue: number): boolean {
  return sql.all(FIRST, queue, 1).length > 0;
}

/** Adds up what waits, the oldest first; returns whether more is left. */
export function foldTallies(sql: Sql, queue: number): boolean {
  const sums = new Map<string, Sum>();
  let lines = 0;
  for (;;) {
    const rows = sql.all<[number: number, minute: number, ends: string]>(FIRST, queue, PAGE);
    if (rows.length === 0) break;
    let last = 0;
    for (const [number, minute, ends] of rows) {
      if (lines >= MOST_FOLDED || sums.size >= MOST_SUMS) break;
      for (const line of readLines(ends)) {
        collect(sums, minute, line);
        lines += 1;
      }
      last = number;
    }
    if (last > 0) sql.run(DROP, queue, last);
    if (lines >= MOST_FOLDED || sums.size >= MOST_SUMS) break;
  }
  if (sums.size === 0) return false;
  store(sql, queue, [...sums.values()]);
  return hasTallies(sql, queue);
}

/** The lines of a row; none when another hand has written it. */
function readLines(ends: string): unknown[][] {
  try {
    const lines: unknown = JSON.parse(ends);
    return Array.isArray(lines) ? lines.filter((line) => Array.isArray(line)) : [];
  } catch {
    return [];
  }
}

function collect(sums: Map<string, Sum>, minute: number, [task, letter, ...packed]: readonly unknown[]): void {
  if (typeof task !== "string" || typeof letter !== "string") return;
  const key = `${minute} ${letter} ${task}`;
  let sum = sums.get(key);
  if (sum === undefined) sums.set(key, (sum = { minute, task, letter, figures: noFigures() }));
  addPacked(sum.figures, packed);
}

function store(sql: Sql, queue: number, sums: readonly Sum[]): void {
  const known = new Set(sql.all<[task: string]>(TASKS, queue).map(([task]) => task));
  let named = known.size - (known.has(OTHER_TASKS) ? 1 : 0);
  const rows = new Map<string, { readonly row: Row; readonly figures: Figures }>();
  const add = (row: Row, figures: Figures): void => {
    const key = row.join(" ");
    let found = rows.get(key);
    if (found === undefined) rows.set(key, (found = { row, figures: noFigures() }));
    addFigures(found.figures, figures);
  };
  for (const { minute, task, letter, figures } of sums) {
    if (!known.has(task) && task !== OTHER_TASKS && named < MOST_SERIES_TASKS) {
      known.add(task);
      named += 1;
    }
    const name = known.has(task) ? task : OTHER_TASKS;
    add([MINUTE, minute, name, letter], figures);
    add([HOUR, Math.floor((minute * MINUTE) / HOUR), name, letter], figures);
    add([name, letter], figures);
  }
  for (const { row, figures } of rows.values()) {
    const table = row.length === 2 ? "totals" : "series";
    const [stored] = sql.all<[figures: string]>(READ[table], queue, ...row)[0] ?? [];
    sql.run(WRITE[table], queue, ...row, JSON.stringify(addedUp(parsed(stored), figures)));
  }
}

/** The key of a row of `series` or `totals`, without its queue. */
type Row =
  | readonly [task: string, letter: string]
  | readonly [width: number, slot: number, task: string, letter: string];

/** Stored figures; nothing when another hand has written them. */
export function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
