/** Tables: columns as wide as what is in them, the last one cut to what fits on the screen. */
import type { styleText } from "node:util";
import { plain } from "./terminal-text.js";

export type Style = Parameters<typeof styleText>[0];

/** Text with a style. */
export interface Painted {
  readonly text: string;
  readonly style: Style;
}

/** A piece of a line. Output makes it harmless, so it may come from anywhere. */
export type Part = string | Painted;

export function paint(style: Style, text: string): Painted {
  return { text, style };
}

/** A column: its title, and which side its cells keep to. */
export interface Column {
  readonly title: string;
  readonly align?: "right";
}

const GAP = "  ";

/** The lines of a table, its title line first. `width` is that of the screen in characters. */
export function layOut(columns: readonly Column[], rows: readonly (readonly Part[])[], width: number): Part[][] {
  const titles = columns.map(({ title }) => paint("bold", title));
  const lines = [titles, ...rows];
  const widths = columns.map((_, index) => Math.max(...lines.map((cells) => lengthOf(cells[index] ?? ""))));
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + GAP.length, 0);
  const room = Math.max(20, width - before);
  return lines.map((cells) =>
    columns.flatMap(({ align }, index) => {
      const cell = cells[index] ?? "";
      if (index === columns.length - 1 && align === undefined) return [cut(cell, room)];
      const padding = " ".repeat((widths[index] ?? 0) - lengthOf(cell));
      const padded = align === "right" ? [padding, cell] : [cell, padding];
      return index === columns.length - 1 ? padded : [...padded, GAP];
    }),
  );
}

function textOf(part: Part): string {
  return plain(typeof part === "string" ? part : part.text);
}

function lengthOf(part: Part): number {
  return charactersOf(part).length;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function charactersOf(part: Part): string[] {
  return Array.from(graphemes.segment(textOf(part)), ({ segment }) => segment);
}

function cut(part: Part, room: number): Part {
  const characters = charactersOf(part);
  if (characters.length <= room) return part;
  const text = `${characters.slice(0, room - 1).join("")}…`;
  return typeof part === "string" ? text : { ...part, text };
}
