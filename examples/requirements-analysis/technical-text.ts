// Requirements quote code: identifiers, commands, URLs, option lists. A language model reads such fragments
// as broken English, so they are found here first and can be replaced. A made-up name of the same length keeps
// every offset valid and reads as a proper noun.

/** A part of a text, from `start` to before `end`. */
export interface Span {
  start: number;
  end: number;
}

const abbreviation = /^(?:e\.g|i\.e|etc|vs|a\.m|p\.m)\.?$/i;
const comparison = /^[<>≤≥≈~+±]?=?\d/;
const codeLike: readonly RegExp[] = [
  /_|[={}<>|@#\\]|::|:\/\/|\[\]|\]\(/, // marks that prose does not use
  /^--?[a-z]/, // --flag
  /[\p{L}\d]\(/u, // call(
  /^\.?\/[\w{]|\w\/\w+\//, // /path/to
  /^[a-z]+[A-Z]/, // camelCase
  /\p{L}\.\p{L}/u, // object.member
  /[a-z\d]:[\p{L}\d]/u, // key:value
];

/** The fragments of `text` that are code, commands or addresses, in order. */
export function technicalSpans(text: string): Span[] {
  const spans: Span[] = [];
  for (const match of text.matchAll(/\S+/g)) {
    const chunk = match[0];
    const lead = /^[("'[“‘,]*/.exec(chunk)?.[0].length ?? 0;
    const core = withoutTail(chunk.slice(lead));
    if (
      core === "" ||
      abbreviation.test(core) ||
      comparison.test(core) ||
      !codeLike.some((pattern) => pattern.test(core))
    )
      continue;
    spans.push({ start: match.index + lead, end: match.index + lead + core.length });
  }
  return spans;
}

/** Punctuation at the end belongs to the sentence, but `()` belongs to the code. */
function withoutTail(chunk: string): string {
  const core = chunk.replace(/[)"'\]”’,.;:!?…]+$/, "");
  return /\($/.test(core) && chunk.startsWith(")", core.length) ? `${core})` : core;
}

/** `text` with what `name` gives for the length of each technical fragment in its place. */
export function replaceTechnical(text: string, spans: readonly Span[], name: (length: number) => string): string {
  let replaced = "";
  let from = 0;
  for (const { start, end } of spans) {
    replaced += text.slice(from, start) + name(end - start);
    from = end;
  }
  return replaced + text.slice(from);
}

/** The parts of `text` that stand in double quotes, without the quotes. */
export function quotedSpans(text: string): Span[] {
  return [...text.matchAll(/"([^"]+)"|“([^”]+)”/g)].map((match) => ({
    start: match.index + 1,
    end: match.index + match[0].length - 1,
  }));
}

/** Whether position `offset` lies in one of `spans`. */
export function within(spans: readonly Span[], offset: number): boolean {
  return spans.some(({ start, end }) => offset >= start && offset < end);
}
