// What one job does: read a requirement, run the analysers it asks for in turn, collect their findings. Nothing
// here knows that it runs in a job; run.ts ties it to one.

import { readRequirement } from "./requirement.js";
import type { Finding } from "./finding.js";
import { selectAnalysers } from "./analysers/registry.js";
import { Glossary } from "./glossary.js";
import type { RequirementRow } from "./csv.js";

/** The input of one job: everything it needs, so that any worker anywhere can run it. */
export interface AnalysisInput {
  requirementId: string;
  text: string;
  /** Codes of the analysers to run, in order. */
  analysers: string[];
  /** Terms of this requirement that the list explains. */
  knownTerms: string[];
}

/** The result of one job. */
export interface AnalysisResult {
  requirementId: string;
  findings: Finding[];
}

/** One input for each row; the glossary is made from all rows. */
export function inputsFor(rows: readonly RequirementRow[], analysers: readonly string[]): AnalysisInput[] {
  const glossary = new Glossary(rows.map(({ text }) => text));
  return rows.map(({ id, text }) => ({
    requirementId: id,
    text,
    analysers: [...analysers],
    knownTerms: glossary.knownTermsIn(text),
  }));
}

/** Runs the analysers of `input`; `onStep` is told the title of each before it starts, and how many are done. */
export function analyseRequirement(
  input: AnalysisInput,
  onStep: (title: string, done: number, total: number) => void = () => {},
): AnalysisResult {
  const chosen = selectAnalysers(input.analysers);
  const requirement = readRequirement(input.requirementId, input.text);
  const document = { knownTerms: new Set(input.knownTerms) };
  const findings = chosen.flatMap((analyser, index) => {
    onStep(analyser.title, index, chosen.length);
    return analyser.analyse(requirement, document);
  });
  return { requirementId: input.requirementId, findings };
}
