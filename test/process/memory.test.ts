// A worker that runs for a long time: what it has in memory after thousands of jobs is what it had after the first ones.
// `LONGSHORE_SOAK` sets another number of jobs with every feature.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { SOAK_JOBS } from "../engine/soak.js";
import { onBothEngines } from "./storage-fixture.js";

const programs = new URL("../../build/test/programs/", import.meta.url);
const program = fileURLToPath(new URL("rounds.js", programs));
const features = fileURLToPath(new URL("features.js", programs));
/** How often the memory of a soak is looked at, and by how much it may differ between the middle and the end. */
const POINTS = 20;
const FLAT = 1.1;
/** The longest that a soak may take, in milliseconds: a job takes a few, and a machine may be ten times slower than another. */
const LONGEST = 300_000 + SOAK_JOBS * 50;
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

  it(
    `is flat within a tenth from the middle to the end of ${SOAK_JOBS} jobs with every feature`,
    async () => {
      const { target } = await open();
      const args = ["--expose-gc", features, JSON.stringify(target), String(SOAK_JOBS), String(POINTS)];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      const { inUse, superseded, seen } = JSON.parse(stdout) as {
        inUse: { heap: number; resident: number }[];
        superseded: number;
        seen: number;
      };

      expect(inUse).toHaveLength(POINTS);
      expect([superseded, seen].map((times) => times > SOAK_JOBS / 100)).toEqual([true, true]);
      for (const kind of ["heap", "resident"] as const) {
        // Of five points beside each other the least: what is not yet collected, or given back to the system, is no trend.
        const least = (from: number): number => Math.min(...inUse.slice(from, from + 5).map((point) => point[kind]));
        expect(least(POINTS - 5), `bytes ${kind} at the end`).toBeLessThan(least(POINTS / 2 - 2) * FLAT);
      }
    },
    LONGEST,
  );
});
