/**
 * Statements on many rows at once: one text for each of a few sizes, so that each is prepared once and few of them cover any
 * number of rows. Binding a value costs more than storing it, so values that rows share are bound once.
 */

/** How many rows a statement takes, the largest first. */
const SIZES = [64, 16, 4, 1];

/** How the statement for some rows is written. */
export interface SqlRows {
  /** The statement for one row. */
  readonly one: string;
  /** The statement around several rows. */
  many(rows: string): string;
  /** One row, by its number from 0. */
  row(row: number): string;
}

/** A part of the rows, and the statement for it. */
export interface Piece {
  readonly from: number;
  readonly rows: number;
  readonly text: string;
}

const texts = new WeakMap<SqlRows, Map<number, string>>();

/** Divides `total` rows into pieces for which there is a statement. */
export function inPieces(statement: SqlRows, total: number): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const rows of SIZES) {
    for (; total - from >= rows; from += rows) pieces.push({ from, rows, text: textFor(statement, rows) });
  }
  return pieces;
}

function textFor(statement: SqlRows, rows: number): string {
  let known = texts.get(statement);
  if (known === undefined) texts.set(statement, (known = new Map()));
  let text = known.get(rows);
  if (text === undefined) {
    const each = Array.from({ length: rows }, (_, row) => statement.row(row));
    text = rows === 1 ? statement.one : statement.many(each.join(", "));
    known.set(rows, text);
  }
  return text;
}
