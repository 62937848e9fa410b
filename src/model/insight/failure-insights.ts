/** Failures that share a cause. */
import type { SharedCause } from "../failure/groups/shared-cause.js";
import { MOST_SUBJECTS, type Insight } from "./insight.js";

/** How many shared causes are said at a time. */
const MOST_CAUSES = 10;

export function failureInsights(causes: readonly SharedCause[]): Insight[] {
  return causes.slice(0, MOST_CAUSES).map(({ fingerprint, tasks, hint }) => ({
    code: "shared-cause",
    severity: "warning",
    text: hint,
    subjects: { failures: [fingerprint], tasks: tasks.slice(0, MOST_SUBJECTS) },
    since: null,
    advice: `longshore jobs --fingerprint ${fingerprint} shows its jobs; once the cause is gone: longshore failed retry ${fingerprint}`,
  }));
}
