import type { Check } from "../finding.js";

/** Up to here Google's Web Vitals call the time to the first byte good; we measure to the last byte of the HTML. */
const slow = 800;

export const responseTime: Check = {
  code: "response-time",
  rule: `The HTML of a page arrives within ${slow} ms.`,
  check: ({ elapsedMs }) =>
    elapsedMs <= slow ? [] : [{ severity: "medium", explanation: `The HTML took ${elapsedMs} ms to arrive.` }],
};
