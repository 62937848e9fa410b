// Reads requirements from a CSV file that a user brings. The text column is found by its usual names; ids are
// optional. Whatever is wrong is reported with the file, the line and the column, because the file is the
// user's and they have to mend it.

import { readFile } from "node:fs/promises";
import { CsvError, parse } from "csv-parse/sync";

/** One row of the file. */
export interface RequirementRow {
  /** From the `id` column, else `row-N` counted from 1. */
  id: string;
  text: string;
}

/** A CSV file that cannot be used; the message names file, line and column where they are known. */
export class CsvInputError extends Error {
  override readonly name = "CsvInputError";

  constructor(
    readonly file: string,
    readonly problem: string,
    /** Line in the file, from 1. */
    readonly line?: number,
    /** Name of the column. */
    readonly column?: string,
  ) {
    super(
      [file, line === undefined ? "" : `line ${line}`, column === undefined ? "" : `column "${column}"`, problem]
        .filter((part) => part !== "")
        .join(": "),
    );
  }
}

const textColumns = ["text", "requirement", "description", "title"];
const idColumns = ["id", "key", "identifier"];

interface Record {
  record: string[];
  line: number;
}

/**
 * The requirements in the CSV file at `path`.
 *
 * @throws {CsvInputError} when the file cannot be read, is empty, is no well-formed CSV, has no text column, has a row
 *   without text, or has the same id twice.
 */
export async function readRequirements(path: string): Promise<RequirementRow[]> {
  return parseRequirements(await readText(path), path);
}

/** The requirements in `content`; `file` is the name that errors give. */
export function parseRequirements(content: string, file: string): RequirementRow[] {
  const [header, ...records] = parseRecords(content, file);
  if (header === undefined)
    throw new CsvInputError(file, "the file is empty; it needs a header line and one row or more");
  const names = header.record.map((name) => name.trim().toLowerCase());
  const textAt = columnAt(names, textColumns);
  if (textAt === -1) {
    const found = header.record.map((name) => `"${name}"`).join(", ");
    const wanted = textColumns.map((name) => `"${name}"`).join(", ");
    throw new CsvInputError(file, `no column holds the text: found ${found}, needs one of ${wanted}`, header.line);
  }
  if (records.length === 0) throw new CsvInputError(file, "the file has a header line but no rows");
  return readRows(records, file, {
    text: { at: textAt, name: header.record[textAt] ?? "" },
    id: { at: columnAt(names, idColumns), name: "id" },
  });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const problem = code === "ENOENT" ? "no such file" : code === "EISDIR" ? "is a folder, not a file" : String(error);
    throw new CsvInputError(path, problem);
  }
}

function parseRecords(content: string, file: string): Record[] {
  const records: Record[] = [];
  let line = 1;
  try {
    parse(content, {
      bom: true,
      skip_empty_lines: true,
      on_record: (record: string[], { lines }) => {
        records.push({ record, line });
        line = lines + 1;
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new CsvInputError(file, error.message, typeof error["lines"] === "number" ? error["lines"] : line);
  }
  return records;
}

function columnAt(names: readonly string[], wanted: readonly string[]): number {
  return wanted.map((name) => names.indexOf(name)).find((index) => index !== -1) ?? -1;
}

interface Column {
  at: number;
  name: string;
}

function readRows(records: readonly Record[], file: string, columns: { text: Column; id: Column }): RequirementRow[] {
  const lineOf = new Map<string, number>();
  return records.map(({ record, line }, index) => {
    const text = record[columns.text.at]?.trim() ?? "";
    if (text === "") throw new CsvInputError(file, "the text is empty", line, columns.text.name);
    const id = record[columns.id.at]?.trim() || `row-${index + 1}`;
    const first = lineOf.get(id);
    if (first !== undefined)
      throw new CsvInputError(file, `the id "${id}" is on line ${first} already`, line, columns.id.name);
    lineOf.set(id, line);
    return { id, text };
  });
}
