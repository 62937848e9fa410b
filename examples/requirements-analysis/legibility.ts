// What an analyser can read. One that looks for English words or parts of speech has nothing to say about a German
// sentence or a line of code: its silence would look like a clean requirement. So it asks first, and what it cannot
// judge it refuses with the reason.

import { ownWords } from "./requirement.js";
import type { Requirement } from "./requirement.js";

/** Why a text cannot be judged. */
export type UnreadableCode = "NOT_LATIN" | "NO_PROSE" | "TOO_SHORT" | "NOT_ENGLISH";

/** A requirement that an analyser cannot judge; trying again does not help. */
export class UnreadableText extends Error {
  override readonly name = "UnreadableText";

  constructor(
    readonly code: UnreadableCode,
    message: string,
  ) {
    super(message);
  }
}

/** Below this many words a text may be all names, which no dictionary has. */
const wordsForLanguage = 5;

/**
 * Passes a text whose letters are mostly Latin: acronyms and names are then recognised, whatever the language.
 *
 * @throws {UnreadableText} `NOT_LATIN`, also for a text without letters.
 */
export function requireLatin({ letters: { all, latin } }: Requirement): void {
  if (all === 0) throw new UnreadableText("NOT_LATIN", "there are no letters in it");
  if (latin * 2 < all) throw new UnreadableText("NOT_LATIN", `only ${latin} of its ${all} letters are Latin`);
}

/**
 * Passes a text of English words. One of fewer than five words passes as well: it may be all names. So does now and then
 * one in a language that shares many words with English, such as Dutch.
 *
 * @throws {UnreadableText} `NOT_LATIN`; `NO_PROSE` when it has no word beside code, quotes and acronyms; `NOT_ENGLISH`
 *   when the language model knows fewer than half of its words.
 */
export function requireEnglish(requirement: Requirement): void {
  requireLatin(requirement);
  const { words, known } = requirement.prose;
  if (words === 0) {
    throw new UnreadableText("NO_PROSE", "there is no word in it beside code, quotes and acronyms");
  }
  if (words >= wordsForLanguage && known * 2 < words) {
    throw new UnreadableText("NOT_ENGLISH", `only ${known} of its ${words} words are English`);
  }
}

/**
 * Passes a text of English words with a sentence of two words or more: a word alone is neither verb nor noun.
 *
 * @throws {UnreadableText} as `requireEnglish` does, and `TOO_SHORT`.
 */
export function requireSentence(requirement: Requirement): void {
  requireEnglish(requirement);
  if (!requirement.sentences.some((sentence) => ownWords(sentence).length > 1)) {
    throw new UnreadableText("TOO_SHORT", "no sentence in it has two words beside code and quotes");
  }
}
