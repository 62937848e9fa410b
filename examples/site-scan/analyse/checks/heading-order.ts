import type { Check, Issue } from "../finding.js";

export const headingOrder: Check = {
  code: "heading-order",
  rule: "A page has one first-level heading, and its headings go down one level at a time (WCAG 2.2, 1.3.1).",
  check: ({ document: { headings } }) => {
    const tops = headings.filter(({ level }) => level === 1).length;
    const issues: Issue[] = [];
    if (tops !== 1) {
      const explanation = `The page has ${tops === 0 ? "no" : tops} first-level headings; give it one.`;
      issues.push({ severity: "medium", explanation });
    }
    const skip = headings.findIndex(({ level }, index) => index > 0 && level > (headings[index - 1]?.level ?? 0) + 1);
    const heading = headings[skip];
    if (heading !== undefined) {
      const before = headings[skip - 1]?.level ?? 0;
      const explanation = `“${heading.text}” is on level ${heading.level} right below level ${before}; use level ${before + 1}.`;
      issues.push({ severity: "low", explanation });
    }
    return issues;
  },
};
