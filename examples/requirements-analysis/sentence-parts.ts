// What several analysers ask of a sentence: which words are verbs that state something, where its clauses end,
// and whether it is the requirement itself or a remark added to it ("Test: …", "Trap: …").

import type { Sentence, Token } from "./requirement.js";

const irregularParticiples: ReadonlySet<string> = new Set(
  (
    "beaten become begun bent bound bought broken brought built caught chosen cut dealt done drawn driven " +
    "eaten fed felt fought found forgotten frozen given gone grown heard held hidden hit hung hurt kept " +
    "known laid led left lent let lit lost made meant met overridden paid proven put read rebuilt redone " +
    "rewritten ridden rung run said seen sent set shot shown shut sold sought spent split spoken spread " +
    "stolen stood stuck sung sunk sworn taken taught thought thrown told torn undone understood woken won " +
    "worn written"
  ).split(" "),
);

/** Whether `word` has the form of a past participle: `queued`, `written`. */
export function isParticiple(word: string): boolean {
  const lower = word.toLowerCase();
  return irregularParticiples.has(lower) || /[a-z]{2}ed$/.test(lower);
}

/** Whether the sentence is a remark about the requirement, such as how it is tested. */
export function isRemark(sentence: Sentence): boolean {
  return /^["(]?(?:test|trap|note|example|rationale|reason)s?:/i.test(sentence.text);
}

const formsOfBe: ReadonlySet<string> = new Set(["be", "is", "are", "was", "were", "been", "being", "isn't", "aren't"]);

/** Whether the token is a form of "be". */
export function isBe(token: Token): boolean {
  return formsOfBe.has(token.lower);
}

/** The sentence cut at semicolons and dashes. */
export function clauses(sentence: Sentence): Token[][] {
  const parts: Token[][] = [[]];
  for (const token of sentence.tokens) {
    if (token.text === ";" || token.text === "—") parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts.filter((part) => part.some((token) => token.isWord));
}

/**
 * The words of `tokens` that say what happens or what holds: verbs, but no -ing forms or participles in front of a
 * noun (`merged rows`), no infinitives, nothing in quotes and no code; and predicates without a verb, as in
 * `workers running` and `the page usable on a phone`.
 */
export function statingVerbs(tokens: readonly Token[]): Token[] {
  return tokens.filter((token, index) => {
    if (token.isTechnical || token.isQuoted || !token.isWord) return false;
    const before = tokens[index - 1];
    const after = tokens[index + 1];
    if (isBe(token) || token.pos === "AUX") return true;
    if (before?.lower === "to" || before?.text === "-" || after?.text === "-") return false;
    if (isVerblessPredicate(token, before, after)) return true;
    if (isVerbReadAsNoun(token, before, after)) return true;
    if (token.pos !== "VERB" || before?.pos === "DET" || /ing$/.test(token.lower)) return false;
    if (isNounReadAsVerb(token, before)) return false;
    if (isParticiple(token.text) && before?.pos !== "AUX") return after?.pos !== "NOUN" && after?.pos !== "ADJ";
    return true;
  });
}

/** -ing forms that tell how something is; others name an activity: `failure handling`. */
const statesOfBeing = /^(?:running|responding|working|listening|waiting|missing|passing|pending)$/;

/** `workers running.`, `dashboard accessible.`, `Scoped to the tenant` */
function isVerblessPredicate(token: Token, before: Token | undefined, after: Token | undefined): boolean {
  const ends = after === undefined || after.pos === "PUNCT" || after.pos === "ADP" || after.pos === "CCONJ";
  if (!ends) return false;
  if (before === undefined) return isParticiple(token.text) && after?.pos === "ADP";
  if (before.pos !== "NOUN" && before.pos !== "PROPN" && before.text !== ")") return false;
  return /[ai]ble$/.test(token.lower) || statesOfBeing.test(token.lower);
}

/** `job retry`, `a worker crash`: after a noun in the singular the base form of a verb is a noun. */
function isNounReadAsVerb(token: Token, before: Token | undefined): boolean {
  if (before === undefined || before.isTechnical || (before.pos !== "NOUN" && before.pos !== "PROPN")) return false;
  return !/s$/.test(before.lower) && !/s$/.test(token.lower) && !isParticiple(token.text);
}

const commonVerbs: ReadonlySet<string> = new Set(
  (
    "accept add allow answer ask assign block call cancel carry check claim clear close contain continue " +
    "control copy count cover create delete deliver describe display drop end enqueue enter exit expire " +
    "explain export fail filter finish fire follow get give happen hold import include indicate issue keep " +
    "kill launch leave limit link list load lock log make mark match monitor move name need notify offer " +
    "open pass pause poll print process produce prompt protect provide publish pull push queue reach read " +
    "receive record refresh refuse reject release remove render replace report request requeue require " +
    "resolve respond restart restore result resume retry return run save scale schedule search select send " +
    "serve set share ship show sign start state stay stop store submit support survive take tell terminate " +
    "test throw time trigger update use validate wait warn watch work write"
  ).split(" "),
);

/**
 * The language model often takes a verb for a noun where both exist: `a worker claims each job`. It is a verb when a
 * noun stands before it, in agreement, and what follows can be its object; or when it begins a sentence as an order.
 */
function isVerbReadAsNoun(token: Token, before: Token | undefined, after: Token | undefined): boolean {
  if (token.pos !== "NOUN" && token.pos !== "PROPN" && token.pos !== "ADJ") return false;
  const leadsOn = after !== undefined && /^(?:ADP|DET|PRON|NUM|NOUN|PROPN|ADJ|ADV|VERB)$/.test(after.pos);
  if (!leadsOn) return false;
  if (before === undefined || before.text === ":")
    return commonVerbs.has(token.lower) && /^(?:DET|PRON)$/.test(after.pos);
  const follows = before.text === ")" || before.pos === "NOUN" || before.pos === "PROPN";
  if (!follows) return false;
  if (/s$/.test(before.lower) && commonVerbs.has(token.lower)) return true;
  const plural = /s$/.test(before.lower) && before.pos === "NOUN";
  return !plural && after.pos !== "ADP" && /s$/.test(token.lower) && commonVerbs.has(baseForm(token.lower));
}

function baseForm(thirdPerson: string): string {
  const base = thirdPerson.replace(/ies$/, "y").replace(/s$/, "");
  return commonVerbs.has(base) ? base : thirdPerson.replace(/es$/, "");
}
