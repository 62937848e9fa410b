import type { Check } from "../finding.js";
import { listed } from "../listed.js";

export const imageText: Check = {
  code: "image-text",
  rule: "Every image has an alt text, or an empty one when it is decoration (WCAG 2.2, 1.1.1).",
  check: ({ document: { imagesWithoutAlt } }) =>
    imagesWithoutAlt.length === 0
      ? []
      : [{ severity: "high", explanation: `Images without an alt text: ${listed(imagesWithoutAlt)}.` }],
};
