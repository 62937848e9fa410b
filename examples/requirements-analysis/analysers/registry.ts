// Every analyser of this example by its code. A job names the codes it wants, as in `R-D,R-F`, and runs them in
// turn; adding a rule means writing one file next to this one and one entry below.

import type { Analyser } from "../finding.js";
import { ambiguity } from "./ambiguity.js";
import { compound } from "./compound.js";
import { definition } from "./definition.js";
import { measurability } from "./measurability.js";
import { modality } from "./modality.js";
import { outcome } from "./outcome.js";
import { passiveVoice } from "./passive-voice.js";
import { readability } from "./readability.js";

/** All analysers, in the order in which a job runs them. */
export const analysers: ReadonlyMap<string, Analyser> = new Map(
  [ambiguity, compound, definition, outcome, measurability, passiveVoice, readability, modality].map((analyser) => [
    analyser.code,
    analyser,
  ]),
);

/** A code that belongs to no analyser. */
export class UnknownAnalyser extends Error {
  override readonly name = "UnknownAnalyser";

  constructor(readonly code: string) {
    super(`Unknown analyser "${code}". Known analysers: ${[...analysers.keys()].join(", ")}.`);
  }
}

/**
 * The analysers with these codes, in the order given; codes may be in lower case.
 *
 * @throws {UnknownAnalyser} for a code that no analyser has.
 */
export function selectAnalysers(codes: readonly string[]): Analyser[] {
  const wanted = new Set(codes.map((code) => code.trim().toUpperCase()));
  return [...wanted].map((code) => {
    const analyser = analysers.get(code);
    if (analyser === undefined) throw new UnknownAnalyser(code);
    return analyser;
  });
}
