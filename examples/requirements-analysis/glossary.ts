// The terms of a list of requirements: acronyms (PSI) and terms in quotes ("Analyse All"). A term counts as known
// when some requirement of the list explains it, or when it is common knowledge in software.

import { technicalSpans, within } from "./technical-text.js";

/** A use of a term in a text. */
export interface TermUse {
  term: string;
  offset: number;
}

const commonKnowledge: ReadonlySet<string> = new Set(
  (
    "ACL AI AM AND ANY API ASCII AWS CI CD CLI CORS CPU CRUD CSP CSS CSV DAG DB DNS EOF ESM FAQ FIFO FTP " +
    "GB GPU GUI GZIP HTML HTTP HTTPS ID IDE IDS IO IP ISO JPEG JS JSON JWT KB KiB LAN LIFO LLM LTS MB MD5 " +
    "MIME NLP NOT OK OR OS PC PDF PHP PID PM PNG POSIX QA RAM REST RPC SDK SHA SMS SMTP SQL SSD SSH SSL " +
    "SSO SVG TB TCP TLS TS TTL TTY TXT UDP UI URI URL USB UTC UTF UUID UX VM VPN WAL WCAG XML YAML ZIP " +
    "AUTH PING PONG"
  ).split(" "),
);

const acronym = /(?<![\w.-])[A-Z][A-Z0-9]{1,3}s?(?![\w-])/g;
const quotedTerm = /["“]([A-Z][a-z]+(?: [A-Z][a-z]+){1,3})["”]/g;

/** The acronyms and quoted terms in `text`, each once, without code and common knowledge. */
export function termsIn(text: string): TermUse[] {
  const technical = technicalSpans(text);
  const uses = new Map<string, TermUse>();
  for (const match of text.matchAll(acronym)) {
    const term = match[0].replace(/s$/, "");
    const argument = match.index + match[0].length + 1;
    const isCommand = within(technical, argument) || text[argument] === "/";
    if (/^[A-Z]\d+$/.test(term) || commonKnowledge.has(term) || within(technical, match.index) || isCommand) continue;
    if (!uses.has(term)) uses.set(term, { term, offset: match.index });
  }
  for (const match of text.matchAll(quotedTerm)) {
    const term = match[1];
    if (term !== undefined && !uses.has(term)) uses.set(term, { term, offset: match.index + 1 });
  }
  return [...uses.values()];
}

/** The terms that a list of requirements explains. */
export class Glossary {
  readonly #texts: readonly string[];
  readonly #explained = new Map<string, boolean>();

  constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  /** The terms used in `text` that the list explains somewhere. */
  knownTermsIn(text: string): string[] {
    return termsIn(text).flatMap(({ term }) => (this.#explains(term) ? [term] : []));
  }

  #explains(term: string): boolean {
    const known = this.#explained.get(term);
    if (known !== undefined) return known;
    const explained = this.#texts.some((text) => explains(text, term));
    this.#explained.set(term, explained);
    return explained;
  }
}

/** Whether `text` says what `term` means; an acronym that is also used as a plain word needs no explanation. */
function explains(text: string, term: string): boolean {
  const exact = term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const defining = "(?: \\([a-z]| ?(?::|—|=) ?[A-Za-z]|,? (?:is|are|means|stands for|refers to|creates|denotes)\\b)";
  if (new RegExp(`(?<![\\w-])["“]?${exact}["”]?${defining}`).test(text)) return true;
  if (!/^[A-Z0-9]+$/.test(term)) return false;
  if (new RegExp(`(?<![\\w-])${exact.toLowerCase()}(?![\\w-])`).test(text)) return true;
  const at = text.indexOf(`(${term})`);
  return at !== -1 && initials(text.slice(0, at)).endsWith(term);
}

function initials(text: string): string {
  return [...text.matchAll(/[A-Za-z]+/g)].map((word) => word[0].charAt(0).toUpperCase()).join("");
}
