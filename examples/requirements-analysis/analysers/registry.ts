// Every analyser of this example by its code. A job names the codes it wants, as in `R-D,R-F`, and runs them in
// turn; adding a rule means writing one file next to this one and one entry below.

import { analyserCodes } from "../finding.js";
import type { Analyser, AnalyserCode } from "../finding.js";
import { ambiguity } from "./ambiguity.js";
import { compound } from "./compound.js";
import { definition } from "./definition.js";
import { measurability } from "./measurability.js";
import { modality } from "./modality.js";
import { outcome } from "./outcome.js";
import { passiveVoice } from "./passive-voice.js";
import { readability } from "./readability.js";

const byCode: Readonly<Record<AnalyserCode, Analyser>> = {
  "R-A": ambiguity,
  "R-C": compound,
  "R-D": definition,
  "R-F": outcome,
  "R-M": measurability,
  "R-P": passiveVoice,
  "R-R": readability,
  "R-W": modality,
};

/** The analyser with this code. */
export function analyserOf(code: AnalyserCode): Analyser {
  return byCode[code];
}

/** All analysers, in the order in which a job runs them. */
export const analysers: readonly Analyser[] = analyserCodes.map(analyserOf);

/** A code that belongs to no analyser. */
export class UnknownAnalyser extends Error {
  override readonly name = "UnknownAnalyser";

  constructor(readonly code: string) {
    super(`Unknown analyser "${code}". Known analysers: ${analyserCodes.join(", ")}.`);
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
    const analyser = analysers.find((known) => known.code === code);
    if (analyser === undefined) throw new UnknownAnalyser(code);
    return analyser;
  });
}
