// What an analyser is, and what it reports. An analyser is one rule with a code, a title and a text that
// explains the rule to the author of a requirement; its `analyse` is a pure function, so the same
// requirement gives the same findings in every worker, on every engine and on every attempt.

import type { Requirement } from "./requirement.js";

/** The codes of all analysers, in the order in which a job runs them. */
export const analyserCodes = ["R-A", "R-C", "R-D", "R-F", "R-M", "R-P", "R-R", "R-W"] as const;

/** Step code of an analyser. */
export type AnalyserCode = (typeof analyserCodes)[number];

/** How much a finding weighs: `high` makes the requirement untestable, `low` is a matter of style. */
export type Severity = "high" | "medium" | "low";

/** One issue in one requirement. */
export interface Finding {
  /** Code of the analyser that found it, e.g. `R-A`. */
  analyser: string;
  severity: Severity;
  /** The words in question, exactly as they stand in the requirement. */
  quote: string;
  /** Where `quote` begins in the text of the requirement, in UTF-16 units from 0. */
  offset: number;
  /** What is wrong with these words and what to write instead. */
  explanation: string;
}

/** What an analyser knows about the whole list a requirement comes from. */
export interface RequirementDocument {
  /** Terms used in this requirement that some requirement of the list explains. */
  knownTerms: ReadonlySet<string>;
}

/** One rule about requirements. */
export interface Analyser {
  code: AnalyserCode;
  /** Two or three words for tables. */
  title: string;
  /** The rule as one would explain it to an author. */
  rule: string;
  /** @throws {UnreadableText} when it cannot judge this text; see legibility.ts. */
  analyse(requirement: Requirement, document: RequirementDocument): Finding[];
}

/** What a finding adds to the score of its requirement. */
export const severityWeight: Readonly<Record<Severity, number>> = { high: 5, medium: 2, low: 1 };
