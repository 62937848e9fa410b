// What one job does: read a requirement and run the analysers it asks for, each by itself. Nothing here knows that it
// runs in a job; analysis-task.ts ties it to one.

import { readRequirement } from "./requirement.js";
import type { Requirement } from "./requirement.js";
import type { AnalyserCode, Finding } from "./finding.js";
import { analyserOf } from "./analysers/registry.js";
import { Glossary } from "./glossary.js";
import type { RequirementRow } from "./csv.js";

/** The input of one job: everything it needs, so that any worker anywhere can run it. */
export interface AnalysisInput {
  requirementId: string;
  text: string;
  /** Codes of the analysers to run, in order. */
  analysers: AnalyserCode[];
  /** Terms of this requirement that the list explains. */
  knownTerms: string[];
}

/** Findings by the analyser that made them; one that could not read the requirement is left out. */
export type FindingsByAnalyser = Partial<Record<AnalyserCode, Finding[]>>;

/** The result of one job. */
export interface AnalysisResult {
  requirementId: string;
  findings: FindingsByAnalyser;
}

/** One input for each row; the glossary is made from all rows. */
export function inputsFor(rows: readonly RequirementRow[], analysers: readonly AnalyserCode[]): AnalysisInput[] {
  const glossary = new Glossary(rows.map(({ text }) => text));
  return rows.map(({ id, text }) => ({
    requirementId: id,
    text,
    analysers: [...analysers],
    knownTerms: glossary.knownTermsIn(text),
  }));
}

/**
 * The analysis of `input`: a function that runs one analyser. The requirement is read when the first one asks for it.
 *
 * The function throws `UnreadableText` when the analyser cannot judge the text.
 */
export function analysisOf(input: AnalysisInput): (code: AnalyserCode) => Finding[] {
  const document = { knownTerms: new Set(input.knownTerms) };
  let requirement: Requirement | undefined;
  return (code) => {
    requirement ??= readRequirement(input.requirementId, input.text);
    return analyserOf(code).analyse(requirement, document);
  };
}
