// R-M: a claim about speed, size, capacity or reliability that no test can decide, because the requirement gives
// no number with a unit. One limit anywhere in the requirement is taken to belong to its claim.

import type { Analyser } from "../finding.js";
import { requireEnglish } from "../legibility.js";
import { quotedSpans, technicalSpans, within } from "../technical-text.js";
import { statesBound } from "./bound.js";

const claims: readonly { pattern: RegExp; kind: string; measure: string }[] = [
  {
    pattern: /\b(?:immediately|instantly|(?<!all )at once|real-time|promptly|low latency)\b/gi,
    kind: "time",
    measure: "the longest acceptable time and where it is measured",
  },
  {
    pattern: /\b(?:throughput|(?:high|good|better|best) performance|responsive|response time|speed-?up)\b/gi,
    kind: "speed",
    measure: "a rate or a time under a stated load",
  },
  {
    pattern: /\b(?:scalab(?:le|ility)|horizontal scaling|scales?(?= (?:well|to|with)\b))\b/gi,
    kind: "capacity",
    measure: "how far it scales and what stays constant",
  },
  {
    pattern: /\b(?:reliab(?:le|ly|ility)|highly available|high availability|resilient|fault.tolerant)\b/gi,
    kind: "reliability",
    measure: "the failures it survives and the rate that is acceptable",
  },
  {
    pattern: /\b(?:minimal|optimal|maximal|bounded|negligible|low) (?:\w+ )?(?:overhead|memory|cost|usage|load)\b/gi,
    kind: "cost",
    measure: "the limit with its unit",
  },
  {
    pattern:
      /\b(?:improv(?:e|es|ed|ement)|increas(?:e|es|ed)|reduc(?:e|es|ed)|faster|slower|cheaper|more efficient)\b/gi,
    kind: "comparison",
    measure: "the baseline and the difference",
  },
];

export const measurability: Analyser = {
  code: "R-M",
  title: "Not measurable",
  rule: "A claim about speed, size, capacity or reliability carries a number with a unit that a test can check.",
  analyse: (requirement) => {
    const { text } = requirement;
    // A number with a unit can be measured in any language.
    if (statesBound(text)) return [];
    requireEnglish(requirement);
    const skipped = [...technicalSpans(text), ...quotedSpans(text)];
    return claims.flatMap(({ pattern, kind, measure }) =>
      [...text.matchAll(pattern)]
        .filter((match) => !within(skipped, match.index))
        .map((match) => ({
          analyser: "R-M",
          severity: "medium" as const,
          quote: match[0].trim(),
          offset: match.index,
          explanation: `“${match[0].trim()}” claims ${kind} without a number; state ${measure}.`,
        })),
    );
  },
};
