// A worker that runs for a long time: what it has in memory after thousands of jobs is what it had after the first ones.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { onBothEngines } from "./storage-fixture.js";

const program = fileURLToPath(new URL("../../build/test/programs/rounds.js", import.meta.url));
const ROUNDS = 6;
const JOBS = 700;
/** Bytes that the least use of the last three rounds may be above that of the first three: 2,100 jobs lie between them. */
const MARGIN = 1_200_000;

onBothEngines("the memory of a worker", (open) => {
  it("does not grow with the number of jobs that it has run, or tried again", async () => {
    const { target } = await open();
    const args = ["--expose-gc", program, JSON.stringify(target), String(ROUNDS), String(JOBS)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const inUse = JSON.parse(stdout) as number[];

    expect(inUse).toHaveLength(ROUNDS);
    const least = (from: number): number => Math.min(...inUse.slice(from, from + ROUNDS / 2));
    expect(least(ROUNDS / 2) - least(0)).toBeLessThan(MARGIN);
  });
});
