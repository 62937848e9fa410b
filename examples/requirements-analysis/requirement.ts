// A requirement as the analysers see it: its sentences, and its words with part of speech and position.
// The reading is done by wink-nlp with its English model, which is inside the package: no download, no network.
// The model is loaded once for each process, when the first requirement is read.

import model from "wink-eng-lite-web-model";
import winkNLP from "wink-nlp";
import type { ItemSentence, ItemToken, WinkMethods } from "wink-nlp";

import { quotedSpans, replaceTechnical, technicalSpans, within } from "./technical-text.js";

/** One word, number or mark of a requirement. */
export interface Token {
  text: string;
  /** `text` in lower case. */
  lower: string;
  /** Universal part of speech: `NOUN`, `VERB`, `AUX`, `ADJ`, … */
  pos: string;
  /** Where the token begins in the text of the requirement. */
  offset: number;
  isWord: boolean;
  /** Part of an identifier, a command or an address. */
  isTechnical: boolean;
  /** Inside double quotes: words the requirement cites. */
  isQuoted: boolean;
}

export interface Sentence {
  text: string;
  offset: number;
  tokens: readonly Token[];
}

export interface Requirement {
  id: string;
  text: string;
  sentences: readonly Sentence[];
  /** Flesch reading ease of the prose, code left out: 100 is very easy, below 30 very hard. */
  readingEase: number;
}

let loaded: WinkMethods | undefined;

/** Reads `text` as English. */
export function readRequirement(id: string, text: string): Requirement {
  loaded ??= winkNLP(model);
  const { its } = loaded;
  const technical = technicalSpans(text);
  const quoted = quotedSpans(text);
  const read = loaded.readDoc(replaceTechnical(text, technical, madeUpName));
  let cursor = 0;

  const readSentence = (item: ItemSentence): Sentence => {
    const tokens: Token[] = [];
    item.tokens().each((token: ItemToken) => {
      const masked = token.out();
      const offset = cursor + token.out(its.precedingSpaces).length;
      cursor = offset + masked.length;
      const span = technical.find(({ start, end }) => offset >= start && offset < end);
      tokens.push({
        text: text.slice(offset, cursor),
        lower: text.slice(offset, cursor).toLowerCase(),
        pos: span === undefined ? token.out(its.pos) : "PROPN",
        offset,
        isWord: token.out(its.type) === "word",
        isTechnical: span !== undefined,
        isQuoted: within(quoted, offset),
      });
    });
    const offset = tokens[0]?.offset ?? cursor;
    return { text: text.slice(offset, cursor), offset, tokens };
  };

  const sentences: Sentence[] = [];
  read.sentences().each((item: ItemSentence) => void sentences.push(readSentence(item)));
  const prose = loaded.readDoc(replaceTechnical(text, technical, () => "it"));
  const statistics = prose.out(its.readabilityStats);
  return { id, text, sentences, readingEase: typeof statistics === "string" ? 100 : statistics.fres };
}

function madeUpName(length: number): string {
  return "Zo".padEnd(length, "zo").slice(0, length);
}

/** The requirement's own words: without what it cites in quotes and without code. */
export function ownWords(sentence: Sentence): Token[] {
  return sentence.tokens.filter((token) => token.isWord && !token.isTechnical && !token.isQuoted);
}
