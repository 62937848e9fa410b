/** Tables: columns as wide as their cells, the last one cut to what fits on the screen. */
import type { styleText } from "node:util";
import { plain } from "./terminal-text.js";

export type Style = Parameters<typeof styleText>[0];

/** Text with a style. */
export interface Painted {
  readonly text: string;
  readonly style: Style;
}

/** A piece of a line. Output makes it harmless, so untrusted text is allowed. */
export type Part = string | Painted;

export function paint(style: Style, text: string): Painted {
  return { text, style };
}

/** A column: its title, and the alignment of its cells. */
export interface Column {
  readonly title: string;
  readonly align?: "right";
}

const GAP = "  ";

/**
 * The most characters of a cell that are read; and the most that are shown of a cell that is not the last of its line.
 */
const LONGEST_CELL = 4_000;
const WIDEST_COLUMN = 200;

/** A cell, and its width as a reader counts it. */
interface Cell {
  readonly part: Part;
  readonly characters: readonly string[];
}

/** The lines of a table, its title line first. `width` is that of the screen in characters. */
export function layOut(columns: readonly Column[], rows: readonly (readonly Part[])[], width: number): Part[][] {
  const titles = columns.map(({ title }) => paint("bold", title));
  const lines = [titles, ...rows].map((parts) => columns.map((_, index) => cellOf(parts[index] ?? "")));
  const widths = columns.map((_, index) =>
    Math.min(WIDEST_COLUMN, Math.max(...lines.map((cells) => lengthOf(cells[index])))),
  );
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + GAP.length, 0);
  const room = Math.max(20, width - before);
  return lines.map((cells) =>
    columns.flatMap(({ align }, index) => {
      const cell = cells[index] ?? cellOf("");
      if (index === columns.length - 1 && align === undefined) return [cut(cell, room)];
      const text = cut(cell, WIDEST_COLUMN);
      const padding = " ".repeat(Math.max(0, (widths[index] ?? 0) - lengthOf(cell)));
      const padded = align === "right" ? [padding, text] : [text, padding];
      return index === columns.length - 1 ? padded : [...padded, GAP];
    }),
  );
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function cellOf(part: Part): Cell {
  const text = plain(typeof part === "string" ? part : part.text, LONGEST_CELL);
  const harmless = typeof part === "string" ? text : { ...part, text };
  return { part: harmless, characters: Array.from(graphemes.segment(text), ({ segment }) => segment) };
}

function lengthOf(cell: Cell | undefined): number {
  return cell?.characters.length ?? 0;
}

function cut({ part, characters }: Cell, room: number): Part {
  if (characters.length <= room) return part;
  const text = `${characters.slice(0, room - 1).join("")}…`;
  return typeof part === "string" ? text : { ...part, text };
}
