// What a text is about, by RAKE (S. Rose et al., "Automatic keyword extraction from individual documents", 2010) on
// runs of nouns and adjectives: a word that keeps company with many others weighs more than one that stands alone, and
// a phrase weighs what its words weigh together. Phrases that come only once are left out when others come again.

import type { Word } from "./english.js";

export interface Keyphrase {
  /** As the text writes it most often. */
  text: string;
  /** How often it comes, in all its forms. */
  count: number;
  score: number;
}

const longestPhrase = 4;
const nominal = new Set(["NOUN", "PROPN", "ADJ"]);
const noun = new Set(["NOUN", "PROPN"]);
const plainWord = /^\p{L}[\p{L}\p{N}’'-]+$/u;

/** The `most` weightiest phrases of a text, best first. */
export function keyphrases(sentences: readonly (readonly Word[])[], most = 10): Keyphrase[] {
  const phrases = sentences.flatMap(candidates);
  const weights = wordWeights(phrases);
  const byLemmas = new Map<string, Word[][]>();
  for (const phrase of phrases) {
    const key = phrase.map(({ lemma }) => lemma).join(" ");
    byLemmas.set(key, [...(byLemmas.get(key) ?? []), phrase]);
  }
  const all = [...byLemmas.values()].map((uses) => {
    const weight = (uses[0] ?? []).reduce((total, { lemma }) => total + (weights.get(lemma) ?? 0), 0);
    const score = Math.round(weight * Math.log2(1 + uses.length) * 100) / 100;
    return { text: usualText(uses), count: uses.length, score };
  });
  const repeated = all.filter(({ count }) => count > 1);
  return (repeated.length >= most ? repeated : all)
    .sort((a, b) => b.score - a.score || b.count - a.count || (a.text < b.text ? -1 : 1))
    .slice(0, most);
}

/** The runs of nouns and adjectives in a sentence, up to four words, that end with a noun. */
function candidates(sentence: readonly Word[]): Word[][] {
  const runs: Word[][] = [[]];
  for (const word of sentence) {
    const belongs = word.isWord && !word.isStopWord && nominal.has(word.pos) && plainWord.test(word.text);
    if (belongs) runs.at(-1)?.push(word);
    else runs.push([]);
  }
  return runs
    .map((run) => run.slice(0, run.findLastIndex(({ pos }) => noun.has(pos)) + 1))
    .filter(({ length }) => length > 0 && length <= longestPhrase);
}

/** RAKE's weight of each word: how many words it stands with, itself included, for each time it comes. */
function wordWeights(phrases: readonly (readonly Word[])[]): Map<string, number> {
  const totals = new Map<string, { frequency: number; degree: number }>();
  for (const phrase of phrases) {
    for (const { lemma } of phrase) {
      const { frequency, degree } = totals.get(lemma) ?? { frequency: 0, degree: 0 };
      totals.set(lemma, { frequency: frequency + 1, degree: degree + phrase.length });
    }
  }
  return new Map([...totals].map(([word, { frequency, degree }]) => [word, degree / frequency]));
}

function usualText(uses: readonly (readonly Word[])[]): string {
  const counts = new Map<string, number>();
  for (const words of uses) {
    const text = words.map((word) => word.text).join(" ");
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}
