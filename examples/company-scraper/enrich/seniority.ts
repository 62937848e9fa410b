// The experience that a posting asks for: what its title says, else the years in its text.

import type { Seniority } from "./enrichment.js";

const inTitle: readonly [RegExp, Seniority][] = [
  [/\b(?:intern(?:ship)?|trainee|apprentice|working student)\b/i, "intern"],
  [/\b(?:head|director|chief|vp|vice president)\b/i, "head"],
  [/\b(?:lead|principal|staff|team leader)\b/i, "lead"],
  [/\b(?:senior|sr\.?|charge)(?:\b|\s)/i, "senior"],
  [/\b(?:junior|jr\.?|graduate|entry[- ]level|assistant)(?:\b|\s)/i, "junior"],
];

const numbers = "one two three four five six seven eight nine ten".split(" ");
const years = new RegExp(
  String.raw`\b(?<n>\d{1,2}|a|${numbers.join("|")})\+?\s*(?:[-–]\s*\d+\s*)?years?\b(?<after>[^.\n]{0,60})`,
  "gi",
);

/** Years of experience from which on a level applies. */
const experienced: readonly [number, Seniority][] = [
  [5, "senior"],
  [2, "mid"],
  [0, "junior"],
];

/** What a posting wants; null when it does not say. */
export function seniorityOf(title: string, description: string): Seniority | null {
  const named = inTitle.find(([pattern]) => pattern.test(title));
  if (named !== undefined) return named[1];
  const asked = yearsAsked(description);
  return asked === undefined ? null : (experienced.find(([from]) => asked >= from)?.[1] ?? null);
}

/** The years of experience that a text asks for; not those that something else took. */
function yearsAsked(text: string): number | undefined {
  const sentences = text.split(/(?<=[.!?])\s|\n/);
  const asked = sentences
    .filter((sentence) => /\bexperience\b|\bin (?:a )?(?:production|similar|development|design)\b/i.test(sentence))
    .flatMap((sentence) => [...sentence.matchAll(years)])
    .map((match) => wholeNumber(match.groups?.["n"] ?? ""));
  return asked.length === 0 ? undefined : Math.max(...asked);
}

function wholeNumber(word: string): number {
  if (/^\d+$/.test(word)) return Number(word);
  return word.toLowerCase() === "a" ? 1 : numbers.indexOf(word.toLowerCase()) + 1;
}
