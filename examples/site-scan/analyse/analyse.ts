// The third step: what the pages are about, how they read, and what is wrong with them.

import { setImmediate as turn } from "node:timers/promises";

import type { Crawl } from "../crawl/crawl.js";
import type { PageDocument } from "../parse/page-document.js";
import { checks } from "./checks/registry.js";
import { readEnglish } from "./english.js";
import type { Word } from "./english.js";
import type { CheckedPage, Finding } from "./finding.js";
import { keyphrases } from "./keyphrases.js";
import type { Keyphrase } from "./keyphrases.js";
import { readability } from "./readability.js";
import type { Readability } from "./readability.js";
import { siteScore } from "./score.js";

export interface PageAnalysis {
  url: string;
  title: string;
  words: number;
  size: number;
  elapsedMs: number;
  /** Undefined when the page has too little text, or is not in English. */
  readability: Readability | undefined;
  /** What the page is about; empty when it is not in English. */
  keyphrases: Keyphrase[];
}

export interface Analysis {
  pages: PageAnalysis[];
  /** What the site is about. */
  keyphrases: Keyphrase[];
  /** Worst first. */
  findings: Finding[];
  /** 0 to 100. */
  score: number;
}

interface ReadPage extends CheckedPage {
  sentences: Word[][];
}

const phrasesOfPage = 5;
const phrasesOfSite = 10;
/** Findings kept of one check on one page. */
const findingsOfCheck = 5;

export interface AnalysisOptions {
  /** Ends the analysis before the next page. */
  signal?: AbortSignal;
  /** Called before each page. */
  onPage?: (url: string, done: number, total: number) => void;
}

/** Analyses the pages of `crawl`, whose documents are given in the same order. */
export async function analyseSite(
  crawl: Crawl,
  documents: readonly PageDocument[],
  { signal, onPage = () => {} }: AnalysisOptions = {},
): Promise<Analysis> {
  const read: ReadPage[] = [];
  for (const [index, document] of documents.entries()) {
    onPage(document.url, index, documents.length);
    // Reading a page takes the processor; between pages the other jobs of this worker get their turn.
    await turn();
    signal?.throwIfAborted();
    const sentences = isEnglish(document) ? document.paragraphs.flatMap((paragraph) => readEnglish(paragraph)) : [];
    const { size = 0, elapsedMs = 0 } = crawl.pages[index] ?? {};
    read.push({ document, sentences, size, elapsedMs, readability: readability(sentences) });
  }
  const findings = findingsOf(crawl, read);
  return {
    pages: read.map(({ document, sentences, ...page }) => ({
      url: document.url,
      title: document.title,
      words: document.words,
      size: page.size,
      elapsedMs: page.elapsedMs,
      readability: page.readability,
      keyphrases: keyphrases(sentences, phrasesOfPage),
    })),
    keyphrases: keyphrases(
      read.flatMap(({ sentences }) => sentences),
      phrasesOfSite,
    ),
    findings,
    score: siteScore(findings, documents.length),
  };
}

/** A page that does not say its language is taken for English. */
function isEnglish({ language }: PageDocument): boolean {
  return language === undefined || /^en\b/.test(language);
}

const order = { high: 0, medium: 1, low: 2 };

function findingsOf(crawl: Crawl, pages: readonly CheckedPage[]): Finding[] {
  const all = pages.flatMap((page) =>
    checks.flatMap(({ code, check }) =>
      check(page, { crawl, pages })
        .slice(0, findingsOfCheck)
        .map(({ severity, explanation }) => ({ check: code, severity, page: page.document.url, explanation })),
    ),
  );
  return all.sort((a, b) => order[a.severity] - order[b.severity]);
}
