// The language model: wink-nlp with its English model, which comes inside its package, so that nothing is downloaded.
// It is loaded once for each process, when the first text is read.

import model from "wink-eng-lite-web-model";
import winkNLP from "wink-nlp";
import type { ItsFunction, ItemSentence, ItemToken, WinkMethods } from "wink-nlp";

export interface Word {
  /** In lower case. */
  text: string;
  /** Its form in a dictionary: `job` for "jobs". */
  lemma: string;
  /** Universal part of speech: `NOUN`, `VERB`, `ADJ`, … */
  pos: string;
  /** No mark, number or symbol. */
  isWord: boolean;
  /** A word so common that it says nothing about a text, such as "the". */
  isStopWord: boolean;
}

let loaded: WinkMethods | undefined;

/** The sentences of `text`, each as its words and marks in order. */
export function readEnglish(text: string): Word[][] {
  loaded ??= winkNLP(model);
  const { its } = loaded;
  // Its published type lacks a parameter.
  const lemma = its.lemma as unknown as ItsFunction<string>;
  const sentences: Word[][] = [];
  loaded
    .readDoc(text)
    .sentences()
    .each((sentence: ItemSentence) => {
      const words: Word[] = [];
      sentence.tokens().each((token: ItemToken) => {
        words.push({
          text: token.out(its.normal),
          lemma: token.out(lemma),
          pos: token.out(its.pos),
          isWord: token.out(its.type) === "word",
          isStopWord: token.out(its.stopWordFlag) === true,
        });
      });
      sentences.push(words);
    });
  return sentences;
}
