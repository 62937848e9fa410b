// R-A: words that two readers understand differently. The list is the one usual in requirements reviews
// (subjective qualities, vague quantities, open lists, escape clauses), checked against the part of speech, so
// that the verb in "clear the queue" is not taken for the adjective in "a clear message".

import type { Analyser, Finding, Severity } from "../finding.js";
import { requireEnglish } from "../legibility.js";
import type { Requirement } from "../requirement.js";
import { quotedSpans, technicalSpans, within } from "../technical-text.js";
import { statesBound } from "./bound.js";

interface VagueWords {
  words: readonly string[];
  pos: readonly string[];
  severity: Severity;
  why: string;
  /** A measurable limit in the requirement makes the word harmless. */
  endedByLimit?: true;
  /** Vague only in front of a noun; elsewhere the word is often a verb. */
  beforeNoun?: true;
}

const vagueWords: readonly VagueWords[] = [
  {
    words: (
      "adequate appropriate beautiful convenient easy effective efficient elegant flexible friendly good intuitive " +
      "lightweight modern nice powerful proper reasonable robust seamless simple smooth sufficient suitable " +
      "acceptable sensible graceful"
    ).split(" "),
    pos: ["ADJ"],
    severity: "medium",
    why: "is a matter of taste; name the property that a test can look for",
  },
  {
    words: (
      "adequately appropriately cleanly easily effectively efficiently gracefully intuitively nicely properly " +
      "reasonably seamlessly simply smoothly sufficiently safely correctly"
    ).split(" "),
    pos: ["ADV", "ADJ"],
    severity: "medium",
    why: "does not say what one would see; describe the visible behaviour instead",
  },
  {
    words: ["fast", "quick", "quickly", "slow", "slowly", "rapid", "rapidly", "large", "huge", "small", "tiny", "long"],
    pos: ["ADJ", "ADV"],
    severity: "medium",
    why: "has no limit; give a number with its unit",
    endedByLimit: true,
  },
  {
    words: ["clear", "clean", "better", "best", "advanced", "predictable"],
    pos: ["ADJ"],
    severity: "low",
    why: "depends on the reader; say what it contains or how it is judged",
    beforeNoun: true,
  },
  {
    words: "several many few various numerous dozens lots most".split(" "),
    pos: ["ADJ", "DET", "NOUN", "PRON", "ADV"],
    severity: "low",
    why: "is no number; say how many",
  },
  {
    words: "often usually sometimes frequently rarely normally typically generally mostly occasionally".split(" "),
    pos: ["ADV"],
    severity: "medium",
    why: "leaves open when it holds; name the condition",
  },
];

const byWord = new Map(vagueWords.flatMap((entry) => entry.words.map((word) => [word, entry] as const)));

const vaguePhrases: readonly { pattern: RegExp; severity: Severity; why: string }[] = [
  { pattern: /\betc\b\.?|\band so on\b|\band so forth\b|(?<=[\w)],? )…(?!\w)/gi, severity: "medium", why: openList() },
  { pattern: /\bsuch as\b|\bincluding but not limited to\b/gi, severity: "low", why: openList() },
  { pattern: /\band\/or\b/gi, severity: "medium", why: "allows three readings; write both, either or a list" },
  {
    pattern:
      /\b(?:if|as|when|where|wherever|whenever) (?:possible|necessary|needed|applicable|appropriate|feasible)\b/gi,
    severity: "high",
    why: "lets the requirement be skipped; state the condition",
  },
  { pattern: /\bas (?:far|much|soon|little) as possible\b/gi, severity: "high", why: "has no limit; state one" },
  { pattern: /\b(?:TBD|TBC|TODO|to be (?:defined|decided|determined|confirmed))\b/g, severity: "high", why: "is open" },
];

function openList(): string {
  return "leaves the list open; name every member or the rule that decides membership";
}

function vagueWordsIn(requirement: Requirement): Finding[] {
  const bounded = statesBound(requirement.text);
  const findings: Finding[] = [];
  for (const { tokens } of requirement.sentences) {
    tokens.forEach((token, index) => {
      const entry = byWord.get(token.lower);
      if (entry === undefined || token.isQuoted || token.isTechnical || !entry.pos.includes(token.pos)) return;
      if (bounded && entry.endedByLimit === true) return;
      const before = tokens[index - 1];
      const after = tokens[index + 1];
      if (before?.text === "-" || after?.text === "-" || before?.lower === "how" || before?.lower === "at") return;
      if (entry.beforeNoun === true && after?.pos !== "NOUN" && after?.pos !== "ADJ") return;
      findings.push({
        analyser: "R-A",
        severity: entry.severity,
        quote: token.text,
        offset: token.offset,
        explanation: `“${token.text}” ${entry.why}.`,
      });
    });
  }
  return findings;
}

function vaguePhrasesIn({ text }: Requirement): Finding[] {
  const skipped = [...technicalSpans(text), ...quotedSpans(text)];
  return vaguePhrases.flatMap(({ pattern, severity, why }) =>
    [...text.matchAll(pattern)]
      .filter((match) => !within(skipped, match.index) && !(match[0] === "…" && within(skipped, match.index - 2)))
      .map((match) => ({
        analyser: "R-A",
        severity,
        quote: match[0],
        offset: match.index,
        explanation: `“${match[0]}” ${why}.`,
      })),
  );
}

export const ambiguity: Analyser = {
  code: "R-A",
  title: "Ambiguous words",
  rule:
    "Every word means the same to author, developer and tester: no matters of taste (easy, robust, appropriate), " +
    "no vague amounts (several, fast), no open lists (etc.), no way out (if possible).",
  analyse: (requirement) => {
    requireEnglish(requirement);
    return [...vagueWordsIn(requirement), ...vaguePhrasesIn(requirement)];
  },
};
