// The live lines on a terminal and in a log.

import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";

import { ScanBoard } from "../../../examples/site-scan/scan-board.js";
import type { BoardStream, ScanRow } from "../../../examples/site-scan/scan-board.js";

function recorder(isTTY: boolean, rows = 24): { stream: BoardStream; written: string[] } {
  const written: string[] = [];
  const write = (text: string | Uint8Array): boolean => {
    written.push(String(text));
    return true;
  };
  return { stream: { write, isTTY, columns: 80, rows }, written };
}

const row = (change: Partial<ScanRow> = {}): ScanRow => ({
  url: "https://example.org/",
  status: "RUNNING",
  step: "CRAWL",
  percent: 12.5,
  message: "",
  isDone: false,
  ...change,
});

test("a log gets a line when a status or a step changes, and none for progress within", () => {
  const { stream, written } = recorder(false);
  const board = new ScanBoard(stream);
  board.update("1", row({ status: "QUEUED", step: null, percent: 0 }));
  board.update("1", row());
  board.update("1", row({ percent: 20, message: "page 2" }));
  board.update("1", row({ step: null, percent: 24 }));
  board.update("1", row({ step: "PARSE", percent: 25 }));
  board.update("2", row());
  board.clear();
  expect(written).toEqual([
    "0 % QUEUED            https://example.org/\n",
    "12 % RUNNING           CRAWL     https://example.org/\n",
    "25 % RUNNING           PARSE     https://example.org/\n",
    "12 % RUNNING           CRAWL     https://example.org/\n",
  ]);
});

test("a terminal gets a line for each scan, redrawn in place", () => {
  const { stream, written } = recorder(true);
  const board = new ScanBoard(stream);
  board.update("1", row());
  board.update("2", row({ url: "https://b.example/", percent: 100, isDone: true, status: "FULL_READY", step: null }));
  expect(written[1]).toContain("\u001b[1A\u001b[0J");
  expect(stripVTControlCharacters(written[1] ?? "").split("\n")).toEqual([
    "██░░░░░░░░░░░░░░  12 % RUNNING           CRAWL     https://example.org/",
    "████████████████ 100 % FULL_READY        https://b.example/",
    "",
  ]);
  board.clear();
  expect(written.at(-1)).toBe("\u001b[2A\u001b[0J");
  board.update("1", row());
  expect(written.at(-1)).not.toContain("\u001b[2A");
});

test("no line is longer than the terminal, and no text moves the cursor", () => {
  const { stream, written } = recorder(true);
  const board = new ScanBoard(stream);
  board.update("1", row({ url: `https://example.org/${"a".repeat(200)}`, message: "\u001b[2J\r\nfake" }));
  const lines = stripVTControlCharacters(written[0] ?? "").split("\n");
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  board.update("1", row({ message: "\u001b[2J\r\nfake" }));
  expect(written[1]).not.toContain("\u001b[2J");
});

test("with more scans than lines, those under way are shown and the rest is counted", () => {
  const { stream, written } = recorder(true, 5);
  const board = new ScanBoard(stream);
  for (let id = 0; id < 6; id += 1) board.update(String(id), row({ url: `https://${id}.example/`, isDone: id < 2 }));
  const lines = stripVTControlCharacters(written.at(-1) ?? "").split("\n");
  expect(lines.map((line) => line.trim().split(/\s+/).at(-1))).toEqual([
    "https://2.example/",
    "https://3.example/",
    "done",
    "",
  ]);
  expect(lines[2]).toBe("2 of 6 scans done");
});
