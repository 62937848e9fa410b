// R-F: the feature has no outcome. A requirement needs a verb that says what can be observed when it is met.
// A heading ("Job retry and failure handling.") has none, and "supports" or "handles" names an activity only.

import type { Analyser, Finding } from "../finding.js";
import { requireSentence } from "../legibility.js";
import type { Requirement, Token } from "../requirement.js";
import { statesBound } from "./bound.js";
import { isBe, isRemark, statingVerbs } from "../sentence-parts.js";

const activityVerbs: ReadonlySet<string> = new Set(
  (
    "support supports supported handle handles handled manage manages managed address addresses addressed " +
    "facilitate facilitates consider considers considered cares"
  ).split(" "),
);

/** Signs that state a result without a verb: `missing token → 401`, `timeout=600`. */
const resultSign = /→|⇒|=>|\s=\s|\w=\w/;

const auxiliaries = /^(?:can|could|may|might|must|shall|should|will|would|do|does|have|has)$/;

function headingFinding({ text }: Requirement): Finding {
  return {
    analyser: "R-F",
    severity: statesBound(text) ? "medium" : "high",
    quote: text,
    offset: 0,
    explanation: "No verb says what happens, so nothing can be observed; state who does what, and what one then sees.",
  };
}

function activityFinding(verb: Token): Finding {
  return {
    analyser: "R-F",
    severity: "medium",
    quote: verb.text,
    offset: verb.offset,
    explanation: `“${verb.text}” names an activity; say what can be observed once it is done.`,
  };
}

export const outcome: Analyser = {
  code: "R-F",
  title: "Missing outcome",
  rule: "A requirement says what can be observed when it is met: a verb with an effect, not a heading.",
  analyse: (requirement) => {
    if (resultSign.test(requirement.text)) return [];
    requireSentence(requirement);
    const sentences = requirement.sentences.filter((sentence) => !isRemark(sentence));
    const verbs = sentences.flatMap((sentence) => statingVerbs(sentence.tokens));
    if (verbs.length === 0) return [headingFinding(requirement)];
    const telling = verbs.filter((verb) => !isBe(verb) && !auxiliaries.test(verb.lower));
    const states = verbs.some(isBe);
    const [first] = telling;
    if (first === undefined || states || !telling.every((verb) => activityVerbs.has(verb.lower))) return [];
    return [activityFinding(first)];
  },
};
