// The task: one job analyses one requirement, one step for each analyser it asks for, in turn. An analyser that cannot
// read the requirement fails alone, and the job is then partial with what the others found; if none can, it fails. What
// was found is written into the issue book, where the issues of a superseded job are marked.

import { task } from "longshore";
import { z } from "zod";

import { analysisOf } from "./analyse.js";
import type { AnalysisInput, AnalysisResult, FindingsByAnalyser } from "./analyse.js";
import { analyserOf } from "./analysers/registry.js";
import { analyserCodes } from "./finding.js";
import type { IssueBook } from "./issue-book.js";
import { UnreadableText } from "./legibility.js";

const input = z.object({
  requirementId: z.string(),
  text: z.string(),
  analysers: z
    .array(z.enum(analyserCodes))
    .min(1)
    .refine((codes) => new Set(codes).size === codes.length, "each analyser once"),
  knownTerms: z.array(z.string()),
}) satisfies z.ZodType<AnalysisInput>;

/** The task of analysing a requirement, with its issues in `book`. */
export function analysisTask(book: IssueBook) {
  return task(
    "analyse",
    {
      input,
      queue: "defospam",
      attempts: 3,
      timeout: "1m",
      // The next analysis supersedes this one, however late it comes: only jobs that are kept can be superseded.
      keep: { completed: { age: "365d" } },
      steps: ({ analysers }) => analysers,
      classify: (error) => (error instanceof UnreadableText ? { kind: "final" } : undefined),
      onSuperseded: ({ id }) => book.supersede(id),
    },
    async ({ input, job, step, count, progress }): Promise<AnalysisResult | undefined> => {
      const { requirementId } = input;
      const analyse = analysisOf(input);
      const findings: FindingsByAnalyser = {};
      for (const code of input.analysers) {
        const found = await step(
          code,
          () => {
            progress(0, analyserOf(code).title);
            const issues = analyse(code);
            count("issues", issues.length);
            return issues;
          },
          { optional: true },
        );
        if (found !== undefined) findings[code] = found;
      }
      // A job without a result of which nothing ended well has failed.
      if (Object.keys(findings).length === 0) return undefined;
      book.record({ job: job.id, requirementId }, Object.values(findings).flat());
      return { requirementId, findings };
    },
  );
}
