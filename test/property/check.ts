// How often a property is tried, and how a failure is tried again: LONGSHORE_SEED and LONGSHORE_PATH repeat the case that
// was printed, LONGSHORE_RUNS tries more, others each time.
import * as fc from "fast-check";
import { anyStep, type Step } from "./steps.js";

const STEPS = 60;
/** What is drawn without LONGSHORE_RUNS: always the same, so that a change that breaks nothing is not held up by chance. */
const SEED = 20_261_130;
const RUNS = Number(process.env["LONGSHORE_RUNS"] ?? 300);

/** Is one case tried again? */
export const isReplay = process.env["LONGSHORE_PATH"] !== undefined;

/** Time enough for that many runs, and for making a failing one short. In milliseconds. */
export const TIME_LIMIT = 120_000 + RUNS * 1_000;

/** What a property is tried on. */
export interface Cases<Case> {
  readonly any: fc.Arbitrary<Case>;
  /** A case in lines, for a person. */
  readonly describe: (found: Case) => readonly string[];
}

const SEQUENCES: Cases<readonly Step[]> = {
  any: fc.array(anyStep, { minLength: STEPS, maxLength: STEPS }),
  describe: (steps) => steps.filter((step) => step.kind !== "nothing").map((step) => JSON.stringify(step)),
};

/**
 * Tries a property on sequences of 60 steps.
 * @param times how many times the usual number of runs
 * @throws Error that says how to try the failing one again
 */
export async function check(property: (steps: readonly Step[]) => Promise<void>, times = 1): Promise<void> {
  await checkOn(SEQUENCES, property, times);
}

/**
 * Tries a property on cases of any kind.
 * @param times how many times the usual number of runs
 * @throws Error that says how to try the failing one again
 */
export async function checkOn<Case>(
  { any, describe }: Cases<Case>,
  property: (found: Case) => Promise<void>,
  times = 1,
): Promise<void> {
  const seed = process.env["LONGSHORE_SEED"] ?? (process.env["LONGSHORE_RUNS"] === undefined ? SEED : undefined);
  const path = process.env["LONGSHORE_PATH"];
  const details = await fc.check(fc.asyncProperty(any, property), {
    numRuns: Math.ceil(RUNS * times),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path }),
  });
  if (!details.failed) return;
  const [found] = details.counterexample ?? [];
  const { errorInstance } = details;
  const why = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  throw new Error(
    [
      `After ${details.numRuns} runs, made short ${details.numShrinks} times: ${why}`,
      `LONGSHORE_SEED=${details.seed} LONGSHORE_PATH=${details.counterexamplePath ?? ""} repeats it.`,
      "What remains:",
      ...(found === undefined ? [] : describe(found)).map((line) => `  ${line}`),
    ].join("\n"),
    { cause: errorInstance },
  );
}
