// The live line on a terminal and in a log.

import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";

import { ProgressLine } from "../../../examples/requirements-analysis/progress-line.js";
import type { ProgressStream } from "../../../examples/requirements-analysis/progress-line.js";

function recorder(isTTY: boolean): { stream: ProgressStream; written: string[] } {
  const written: string[] = [];
  const write = (text: string | Uint8Array): boolean => {
    written.push(String(text));
    return true;
  };
  return { stream: { write, isTTY, columns: 100 }, written };
}

const at = (done: number, elapsedMs: number) => ({
  done,
  total: 40,
  counts: { queued: Math.max(0, 38 - done), running: Math.min(2, 40 - done), finished: done },
  issues: done * 2,
  current: `R-${done}`,
  elapsedMs,
});

test("a log gets one line for each tenth", () => {
  const { stream, written } = recorder(false);
  const line = new ProgressLine(stream);
  for (let done = 1; done <= 40; done += 1) line.update(at(done, done * 100));
  line.clear();
  expect(written).toHaveLength(11);
  expect(written[5]).toBe("50 %  18 queued, 2 running, 20 finished  40 issues  10 jobs/s  R-20\n");
  expect(written.at(-1)).toBe("100 %  40 finished  80 issues  10 jobs/s  R-40\n");
});

test("a terminal is redrawn in place, not more often than every 40 ms, and always at the end", () => {
  const { stream, written } = recorder(true);
  const line = new ProgressLine(stream);
  line.update(at(20, 100));
  line.update(at(21, 120));
  line.update(at(22, 140));
  line.update(at(40, 150));
  expect(written.map((text) => stripVTControlCharacters(text).trim())).toEqual([
    "████████████░░░░░░░░░░░░ 50 %  18 queued, 2 running, 20 finished  40 issues  200 jobs/s  R-20",
    "█████████████░░░░░░░░░░░ 55 %  16 queued, 2 running, 22 finished  44 issues  157 jobs/s  R-22",
    "████████████████████████ 100 %  40 finished  80 issues  267 jobs/s  R-40",
  ]);
  line.clear();
  expect(written.at(-1)).toBe("\r\u001b[2K");
});
