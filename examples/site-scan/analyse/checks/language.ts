import type { Check } from "../finding.js";

export const language: Check = {
  code: "language",
  rule: "Every page says which language it is in (WCAG 2.2, 3.1.1).",
  check: ({ document }) =>
    document.language === undefined
      ? [{ severity: "medium", explanation: 'The page does not say its language; write <html lang="…">.' }]
      : [],
};
