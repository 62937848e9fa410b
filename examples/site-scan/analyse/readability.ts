// How hard a text is to read, by the two usual formulas for English. Reading ease: R. Flesch, "A new readability
// yardstick", Journal of Applied Psychology 32 (1948). Grade level: J. P. Kincaid et al., "Derivation of new readability
// formulas for Navy enlisted personnel", Research Branch Report 8-75 (1975). Sentences and words come from wink-nlp,
// syllables from the package `syllable`.

import { syllable } from "syllable";

import type { Word } from "./english.js";

export interface Readability {
  sentences: number;
  words: number;
  syllables: number;
  /** Flesch reading ease: 100 is very easy, 60 plain English, below 30 very hard. */
  readingEase: number;
  /** Flesch–Kincaid grade level: years of school that a reader needs. */
  grade: number;
}

/** Fewer words say nothing about how a text reads. */
const fewestWords = 50;

/** How the sentences of a text read; undefined when there are less than 50 words. */
export function readability(sentences: readonly (readonly Word[])[]): Readability | undefined {
  const perSentence = sentences.map((words) => words.filter(({ isWord }) => isWord)).filter(({ length }) => length > 0);
  const words = perSentence.flat();
  if (words.length < fewestWords) return undefined;
  const syllables = words.reduce((total, { text }) => total + Math.max(1, syllable(text)), 0);
  const sentenceLength = words.length / perSentence.length;
  const wordLength = syllables / words.length;
  return {
    sentences: perSentence.length,
    words: words.length,
    syllables,
    readingEase: round(206.835 - 1.015 * sentenceLength - 84.6 * wordLength),
    grade: round(0.39 * sentenceLength + 11.8 * wordLength - 15.59),
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
