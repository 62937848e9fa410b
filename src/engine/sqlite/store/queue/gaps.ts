/**
 * The empty positions amid the line of a queue, where jobs were cancelled, removed or moved: how many there are before a job says
 * its place, however long the line is. Jobs come in at the tail and are leased at the head, and leave no gap there, so this costs
 * neither anything. Of each block of positions it is also known how many it has.
 * What is before the first job of the line is of no account, and is dropped by sweeps.
 */
import { PRIORITY_STEP } from "../../../shared/listing-order.js";
import type { Sql } from "../../database/sql.js";

/** How many positions a block has. */
const BLOCK = 1_024;
/** How many blocks are dropped at a time: three thousand rows. */
const AT_ONCE = 3;

const LEAVE = "INSERT OR IGNORE INTO gaps (queue, position) VALUES (?, ?)";
const FILL = "DELETE FROM gaps WHERE queue = ? AND position = ?";
const COUNT = `INSERT INTO gap_blocks (queue, block, gaps) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET gaps = gaps + excluded.gaps`;
const IN_RANGE = "SELECT count(*) FROM gaps WHERE queue = ? AND position > ? AND position < ?";
const IN_BLOCKS = "SELECT coalesce(sum(gaps), 0) FROM gap_blocks WHERE queue = ? AND block > ? AND block < ?";
const FIRST_BLOCKS = "SELECT block FROM gap_blocks WHERE queue = ? AND block < ? ORDER BY block LIMIT ? + 0";
const DROP = "DELETE FROM gaps WHERE queue = ? AND position >= ? AND position < ?";
const DROP_BLOCK = "DELETE FROM gap_blocks WHERE queue = ? AND block = ?";

/** Is this a position in the line of the default priority? The others have no line of their own without gaps. */
export function isDefault(position: number): boolean {
  return Math.abs(position) < PRIORITY_STEP / 2;
}

export class Gaps {
  readonly #sql: Sql;
  readonly #queue: number;
  /** By how many the gaps of each block have changed. */
  #changes: Map<number, number> | null = null;

  constructor(sql: Sql, queue: number) {
    this.#sql = sql;
    this.#queue = queue;
  }

  /** A job leaves the line, and not by being leased at its head. */
  leave(position: number): void {
    if (isDefault(position) && this.#sql.run(LEAVE, this.#queue, position) > 0) this.#count(position, 1);
  }

  /** A job takes a position before the first one. */
  fill(position: number): void {
    if (this.#sql.run(FILL, this.#queue, position) > 0) this.#count(position, -1);
  }

  /** Writes how many the blocks have now. */
  save(): void {
    for (const [block, by] of this.#changes ?? []) if (by !== 0) this.#sql.run(COUNT, this.#queue, block, by);
  }

  /** Drops those before the first job, of very many some. @param first its position; `null`: the line is empty */
  drop(first: number | null): void {
    const end = first === null ? Number.MAX_SAFE_INTEGER : blockOf(first);
    for (const [block] of this.#sql.all<[block: number]>(FIRST_BLOCKS, this.#queue, end, AT_ONCE)) {
      this.#sql.run(DROP, this.#queue, block * BLOCK, (block + 1) * BLOCK);
      this.#sql.run(DROP_BLOCK, this.#queue, block);
    }
  }

  #count(position: number, by: 1 | -1): void {
    this.#changes ??= new Map();
    const block = blockOf(position);
    this.#changes.set(block, (this.#changes.get(block) ?? 0) + by);
  }
}

/** How many gaps there are between two positions of the line of a queue. */
export function gapsBetween(sql: Sql, queue: number, from: number, to: number): number {
  const count = (text: string, low: number, high: number): number =>
    sql.all<[gaps: number]>(text, queue, low, high)[0]?.[0] ?? 0;
  const [first, last] = [blockOf(from), blockOf(to)];
  if (first === last) return count(IN_RANGE, from, to);
  const atEnds = count(IN_RANGE, from, (first + 1) * BLOCK) + count(IN_RANGE, last * BLOCK - 1, to);
  return atEnds + count(IN_BLOCKS, first, last);
}

function blockOf(position: number): number {
  return Math.floor(position / BLOCK);
}
