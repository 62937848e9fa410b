// The enricher that needs nothing but the text: words for skills, numbers for pay and years, wink-nlp for the sentence
// that says most. For postings in English.

import type { Posting } from "../parse/posting.js";
import type { Enricher, Enrichment } from "./enrichment.js";
import { salaryIn } from "./salary.js";
import { seniorityOf } from "./seniority.js";
import { skillsIn } from "./skills.js";
import { summaryOf } from "./summary.js";

export const localAnalysis: Enricher = {
  name: "local text analysis",
  enrich: (posting) => Promise.resolve(analysePosting(posting)),
};

/** What the text of a posting says. */
export function analysePosting({ title, pay, description }: Posting): Enrichment {
  return {
    skills: skillsIn(`${title}\n${description}`),
    seniority: seniorityOf(title, description),
    salary: salaryIn(pay ?? "") ?? salaryIn(description),
    summary: summaryOf(description),
  };
}
