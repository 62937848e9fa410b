import type { Check } from "../finding.js";

const thin = 100;

export const thinContent: Check = {
  code: "thin-content",
  rule: `A page has at least ${thin} words of its own.`,
  check: ({ document: { words } }) =>
    words >= thin ? [] : [{ severity: "low", explanation: `The page has ${words} words; is it worth a page?` }],
};
