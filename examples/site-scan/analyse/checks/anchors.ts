import type { Check } from "../finding.js";
import { listed } from "../listed.js";

export const anchors: Check = {
  code: "anchors",
  rule: "Links within a page lead to a place that exists.",
  check: ({ document: { missingAnchors } }) =>
    missingAnchors.length === 0
      ? []
      : [
          {
            severity: "medium",
            explanation: `Links within the page that lead nowhere: ${listed(missingAnchors.map((name) => `#${name}`))}.`,
          },
        ],
};
