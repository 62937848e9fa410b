// R-D: terms that are not defined. An acronym or a quoted name must be explained somewhere in the list; common
// knowledge such as HTTP needs no explanation. The glossary of the list decides, see glossary.ts.

import type { Analyser } from "../finding.js";
import { termsIn } from "../glossary.js";
import { requireLatin } from "../legibility.js";

export const definition: Analyser = {
  code: "R-D",
  title: "Undefined terms",
  rule: "Acronyms and names in quotes are explained somewhere in the list of requirements.",
  analyse: (requirement, { knownTerms }) => {
    requireLatin(requirement);
    return termsIn(requirement.text)
      .filter(({ term }) => !knownTerms.has(term))
      .map(({ term, offset }) => ({
        analyser: "R-D",
        severity: "low" as const,
        quote: term,
        offset,
        explanation: `“${term}” is explained nowhere in the list; write it out once or add a definition.`,
      }));
  },
};
