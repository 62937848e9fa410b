// R-W: weak modality. "Should", "could" and "might" leave the reader to decide whether the thing is required;
// next to a "must" in the same requirement they contradict it.

import type { Analyser, Finding } from "../finding.js";
import { requireEnglish } from "../legibility.js";
import { ownWords } from "../requirement.js";
import type { Token } from "../requirement.js";

const weak: ReadonlySet<string> = new Set(["should", "could", "might", "ought"]);
const wishes: ReadonlySet<string> = new Set([
  "ideally",
  "preferably",
  "preferred",
  "recommended",
  "hopefully",
  "desirable",
]);
const strong: ReadonlySet<string> = new Set(["must", "shall"]);

function finding(token: Token, mixed: boolean): Finding {
  const wish = wishes.has(token.lower);
  return {
    analyser: "R-W",
    severity: mixed ? "high" : "medium",
    quote: token.text,
    offset: token.offset,
    explanation: mixed
      ? `“${token.text}” stands beside “must” or “shall”: it is unclear which part is binding; split the two.`
      : `“${token.text}” ${wish ? "states a wish" : "does not bind"}; write “must” or move it to an optional item.`,
  };
}

export const modality: Analyser = {
  code: "R-W",
  title: "Weak modality",
  rule: "A requirement binds: must or shall, or the plain present. Should, could and might are for optional items.",
  analyse: (requirement) => {
    requireEnglish(requirement);
    const words = requirement.sentences.flatMap(ownWords);
    const mixed = words.some((token) => strong.has(token.lower));
    return words
      .filter((token) => weak.has(token.lower) || wishes.has(token.lower))
      .map((token) => finding(token, mixed));
  },
};
