import type { Check } from "../finding.js";

const shortest = 50;
const longest = 160;

export const description: Check = {
  code: "description",
  rule: `Every page has a description of ${shortest} to ${longest} characters, which search engines show.`,
  check: ({ document: { description: text } }) => {
    if (text === "") return [{ severity: "medium", explanation: "The page has no description; write one." }];
    if (text.length >= shortest && text.length <= longest) return [];
    const explanation = `The description has ${text.length} characters; ${shortest} to ${longest} are shown whole.`;
    return [{ severity: "low", explanation }];
  },
};
