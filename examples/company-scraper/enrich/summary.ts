// The sentence of a posting that says most: the one with the weightiest phrases for its length.

import { readEnglish } from "../../site-scan/analyse/english.js";
import { keyphrases } from "../../site-scan/analyse/keyphrases.js";

/** Characters of a sentence that can stand alone. */
const [shortest, longest] = [30, 240];

/** A sentence out of `description`; empty when there is none of a fit length. */
export function summaryOf(description: string): string {
  const sentences = description
    .split("\n")
    .flatMap((paragraph) => [...new Intl.Segmenter("en", { granularity: "sentence" }).segment(paragraph)])
    .map(({ segment }) => segment.trim())
    .filter(({ length }) => length >= shortest && length <= longest);
  const phrases = keyphrases(readEnglish(description), 20);
  const weightOf = (sentence: string): number => {
    const lower = sentence.toLowerCase();
    const weight = phrases.reduce((sum, { text, score }) => sum + (lower.includes(text) ? score : 0), 0);
    // The work says more about a posting than what the company is or asks for.
    const isDuty = /^you(?!r| know| have| are| read| write well| can| use)\b/i.test(sentence);
    return (weight / Math.sqrt(sentence.length)) * (isDuty ? 2 : 1);
  };
  const [first = ""] = sentences;
  return sentences.reduce((best, sentence) => (weightOf(sentence) > weightOf(best) ? sentence : best), first);
}
