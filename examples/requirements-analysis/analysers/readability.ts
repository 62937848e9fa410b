// R-R: text that is hard to read: very long sentences, a low Flesch reading ease over a whole requirement, and
// remark upon remark in brackets. Code is left out of the counts.

import type { Analyser, Finding } from "../finding.js";
import { requireEnglish } from "../legibility.js";
import type { Requirement, Sentence } from "../requirement.js";
import { clauses } from "../sentence-parts.js";

/** Words in one clause beyond which readers lose the thread. */
const longClause = 35;
/** Flesch reading ease below which a text is as hard as a contract. */
const hardToRead = 10;
const wordsForReadingEase = 20;
const bracketsAccepted = 3;

function longClauses(sentence: Sentence, text: string): Finding[] {
  return clauses(sentence).flatMap((clause) => {
    const words = clause.filter((token) => token.isWord).length;
    const [first, last] = [clause[0], clause.at(-1)];
    if (words <= longClause || first === undefined || last === undefined) return [];
    const quote = text.slice(first.offset, last.offset + last.text.length);
    const explanation = `${words} words without a stop; cut it into sentences of at most ${longClause}.`;
    return [{ analyser: "R-R", severity: "medium" as const, quote, offset: first.offset, explanation }];
  });
}

function hardText({ text, sentences, readingEase }: Requirement): Finding[] {
  const words = sentences.flatMap(({ tokens }) => tokens.filter((token) => token.isWord && !token.isTechnical));
  if (words.length < wordsForReadingEase || readingEase >= hardToRead) return [];
  const explanation = `Flesch reading ease ${Math.round(readingEase)}; use shorter words and sentences.`;
  return [{ analyser: "R-R", severity: "low", quote: text, offset: 0, explanation }];
}

function bracketed({ text, sentences }: Requirement): Finding[] {
  const brackets = sentences.flatMap(({ tokens }) => tokens.filter((token) => token.text === "("));
  const [first] = brackets;
  if (first === undefined || brackets.length <= bracketsAccepted) return [];
  const explanation = `${brackets.length} remarks in brackets; move them into sentences of their own.`;
  return [{ analyser: "R-R", severity: "low", quote: text.slice(first.offset), offset: first.offset, explanation }];
}

export const readability: Analyser = {
  code: "R-R",
  title: "Hard to read",
  rule:
    `Clauses of at most ${longClause} words, a Flesch reading ease of at least ${hardToRead}, ` +
    `at most ${bracketsAccepted} brackets.`,
  analyse: (requirement) => {
    requireEnglish(requirement);
    return [
      ...requirement.sentences.flatMap((sentence) => longClauses(sentence, requirement.text)),
      ...hardText(requirement),
      ...bracketed(requirement),
    ];
  },
};
