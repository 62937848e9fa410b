import type { Check } from "../finding.js";

/** Search engines cut longer titles. */
const longest = 70;

export const title: Check = {
  code: "title",
  rule: `Every page has a title of its own, of at most ${longest} characters.`,
  check: ({ document }, { pages }) => {
    const { title: text, url } = document;
    if (text === "") return [{ severity: "high", explanation: "The page has no title; give it one of its own." }];
    const twin = pages.find(({ document: other }) => other.title === text && other.url !== url);
    return [
      ...(text.length > longest
        ? [{ severity: "low" as const, explanation: `The title has ${text.length} characters; keep it to ${longest}.` }]
        : []),
      ...(twin === undefined
        ? []
        : [{ severity: "medium" as const, explanation: `The title is also that of ${twin.document.url}.` }]),
    ];
  },
};
