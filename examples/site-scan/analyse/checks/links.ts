import type { Check } from "../finding.js";

export const links: Check = {
  code: "links",
  rule: "Links within the site lead to pages that can be read.",
  check: ({ document }, { crawl }) =>
    crawl.unreachable
      .filter(({ url }) => document.links.includes(url))
      .map(({ url, reason }) => ({
        severity: "high",
        explanation: `The link to ${url} leads to no page: ${reason}.`,
      })),
};
