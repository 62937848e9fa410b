import type { Check } from "../finding.js";

/** Flesch reading ease below which a text is as hard as a scientific paper. */
const hard = 30;

export const readingEase: Check = {
  code: "reading-ease",
  rule: `English text has a Flesch reading ease of at least ${hard}.`,
  check: ({ readability }) => {
    if (readability === undefined || readability.readingEase >= hard) return [];
    const { readingEase: ease, grade } = readability;
    const explanation = `Flesch reading ease ${ease}, grade ${grade}; use shorter sentences and words.`;
    return [{ severity: "low", explanation }];
  },
};
