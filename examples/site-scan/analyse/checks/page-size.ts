import type { Check } from "../finding.js";

/** The median page on the web has about 30 KiB of HTML (HTTP Archive, 2024); five times that is a lot. */
const large = 150 * 1_024;

export const pageSize: Check = {
  code: "page-size",
  rule: `A page has at most ${large / 1_024} KiB of HTML.`,
  check: ({ size }) =>
    size <= large
      ? []
      : [{ severity: "medium", explanation: `The page has ${Math.round(size / 1_024)} KiB of HTML; divide it.` }],
};
