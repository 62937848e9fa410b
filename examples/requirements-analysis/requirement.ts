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
  /** Its own plain words, acronyms left out, and how many of them the language model knows. */
  prose: { words: number; known: number };
  letters: { all: number; latin: number };
}

/** The language model, and the number it gives to the first word that it does not know. */
interface Reader {
  wink: WinkMethods;
  firstUnknown: number;
}

let loaded: Reader | undefined;
/** Words looked up before. */
const lookedUp = new Map<string, boolean>();

/** Reads `text` as English. */
export function readRequirement(id: string, text: string): Requirement {
  loaded ??= load();
  const { wink } = loaded;
  const { its } = wink;
  const technical = technicalSpans(text);
  const quoted = quotedSpans(text);
  const read = wink.readDoc(replaceTechnical(text, technical, madeUpName));
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
  const plain = wink.readDoc(replaceTechnical(text, technical, () => "it"));
  const statistics = plain.out(its.readabilityStats);
  const readingEase = typeof statistics === "string" ? 100 : statistics.fres;
  const prose = countKnown(loaded, sentences.flatMap(ownWords));
  return { id, text, sentences, readingEase, prose, letters: countLetters(text) };
}

function countLetters(text: string): Requirement["letters"] {
  const letters = text.match(/\p{L}/gu) ?? [];
  return { all: letters.length, latin: letters.filter((letter) => /\p{Script=Latin}/u.test(letter)).length };
}

function load(): Reader {
  const wink = winkNLP(model);
  return { wink, firstUnknown: numberOf(wink, madeUpName(6).toLowerCase()) };
}

function numberOf(wink: WinkMethods, word: string): number {
  return Number(wink.readDoc(word).tokens().itemAt(0).out(wink.its.uniqueId));
}

function countKnown({ wink, firstUnknown }: Reader, own: readonly Token[]): Requirement["prose"] {
  const plain = own.filter(({ text }) => /^\p{L}{2,}$/u.test(text) && !/^[A-Z]+s?$/.test(text));
  const isKnown = ({ lower }: Token): boolean => {
    const known = lookedUp.get(lower) ?? numberOf(wink, lower) < firstUnknown;
    lookedUp.set(lower, known);
    return known;
  };
  return { words: plain.length, known: plain.filter(isKnown).length };
}

function madeUpName(length: number): string {
  return "Zo".padEnd(length, "zo").slice(0, length);
}

/** The requirement's own words: without what it cites in quotes and without code. */
export function ownWords(sentence: Sentence): Token[] {
  return sentence.tokens.filter((token) => token.isWord && !token.isTechnical && !token.isQuoted);
}
