// R-C: several obligations in one requirement. They cannot be traced, tested or refused one by one. Obligations
// are counted as clauses with a verb of their own, plus the verbs that "and" or "then" joins inside a clause.

import type { Analyser } from "../finding.js";
import { requireEnglish } from "../legibility.js";
import type { Token } from "../requirement.js";
import { clauses, isParticiple, isRemark, statingVerbs } from "../sentence-parts.js";

const accepted = 2;

function obligationsIn(clause: readonly Token[]): number {
  const main = withoutBrackets(clause);
  const verbs = statingVerbs(main);
  if (verbs.length === 0) return 0;
  const joined = verbs.filter((verb) => {
    const before = main[main.indexOf(verb) - 1];
    return before !== undefined && /^(?:and|then)$/i.test(before.text) && !isParticiple(verb.text);
  });
  return 1 + joined.length;
}

function withoutBrackets(tokens: readonly Token[]): Token[] {
  let depth = 0;
  return tokens.filter((token) => {
    if (token.text === "(") depth += 1;
    const inside = depth > 0;
    if (token.text === ")") depth = Math.max(0, depth - 1);
    return !inside;
  });
}

export const compound: Analyser = {
  code: "R-C",
  title: "Compound requirement",
  rule: `One requirement states one obligation, or two that belong together; remarks on testing do not count.`,
  analyse: (requirement) => {
    requireEnglish(requirement);
    const { text, sentences } = requirement;
    const stated = sentences.filter((sentence) => !isRemark(sentence)).flatMap(clauses);
    const obligations = stated.reduce((total, clause) => total + obligationsIn(clause), 0);
    if (obligations <= accepted) return [];
    return [
      {
        analyser: "R-C",
        severity: obligations > 4 ? "medium" : "low",
        quote: text,
        offset: 0,
        explanation: `${obligations} obligations in one requirement; give each an id and a test of its own.`,
      },
    ];
  },
};
