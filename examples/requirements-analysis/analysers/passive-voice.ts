// R-P: passive voice that hides who acts. Found from the parts of speech: a form of "be" or "get", then a past
// participle, with nothing but adverbs between. "… by the worker" names the actor and is accepted.

import type { Analyser, Finding } from "../finding.js";
import { requireEnglish } from "../legibility.js";
import type { Sentence, Token } from "../requirement.js";
import { isBe, isParticiple, isRemark } from "../sentence-parts.js";

/** Participles that describe a state more often than an act. */
const adjectives: ReadonlySet<string> = new Set(
  "based related unaffected supposed concerned interested involved needed allowed unchanged limited gone".split(" "),
);

function participleAfter(tokens: readonly Token[], index: number): number | undefined {
  for (let next = index + 1; next < tokens.length; next += 1) {
    const token = tokens[next];
    if (token === undefined) return undefined;
    if (token.pos === "ADV" || token.lower === "not" || isBe(token)) continue;
    const acts = token.pos === "VERB" || token.pos === "ADJ";
    return acts && isParticiple(token.text) && !adjectives.has(token.lower) ? next : undefined;
  }
  return undefined;
}

/** Words that begin a condition or a subordinate clause; who acts there matters less. */
const subordinate = /^(?:what|which|that|who|how|whether|if|when|while|until|after|before|once|unless|because)$/;

function inSubordinateClause(tokens: readonly Token[], index: number): boolean {
  return tokens.slice(Math.max(0, index - 5), index).some((token) => subordinate.test(token.lower));
}

function namesActor(tokens: readonly Token[], participle: number): boolean {
  const by = tokens.findIndex((token, index) => index > participle && token.lower === "by");
  if (by === -1 || by - participle > 4) return false;
  const actor = tokens[by + 1];
  return actor !== undefined && !/ing$/i.test(actor.text);
}

function passivesIn({ tokens }: Sentence, text: string): Finding[] {
  const findings: Finding[] = [];
  tokens.forEach((token, index) => {
    if (token.isQuoted || token.isTechnical || (!isBe(token) && !/^g[eo]ts?$/.test(token.lower))) return;
    const at = participleAfter(tokens, index);
    const participle = at === undefined ? undefined : tokens[at];
    if (inSubordinateClause(tokens, index)) return;
    if (at === undefined || participle === undefined || participle.isTechnical || namesActor(tokens, at)) return;
    if (findings.some(({ offset, quote }) => offset + quote.length === participle.offset + participle.text.length))
      return;
    const quote = text.slice(token.offset, participle.offset + participle.text.length);
    findings.push({
      analyser: "R-P",
      severity: "low",
      quote,
      offset: token.offset,
      explanation: `“${quote}” does not say who acts; name the actor and use the active voice.`,
    });
  });
  return findings;
}

export const passiveVoice: Analyser = {
  code: "R-P",
  title: "Passive voice",
  rule: "The sentence names who acts: “the worker renews the lease”, not “the lease is renewed”.",
  analyse: (requirement) => {
    requireEnglish(requirement);
    const { text, sentences } = requirement;
    return sentences.filter((sentence) => !isRemark(sentence)).flatMap((sentence) => passivesIn(sentence, text));
  },
};
