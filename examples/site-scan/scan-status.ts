// A scan in the words of its users. The job keeps Longshore's states; these names exist at the edge only.

import { profile } from "longshore";

/**
 * Statuses of a scan; while it is `RUNNING` or `TEASER_READY`, its step is one of CRAWL, PARSE, ANALYZE, GENERATE. One
 * whose pages are jobs of their own has no PARSE, and is `RUNNING` without a step while it waits for them.
 */
export const scanStatus = profile({
  states: {
    blocked: "RUNNING",
    delayed: "QUEUED",
    queued: "QUEUED",
    active: "RUNNING",
    completed: "FULL_READY",
    partial: "FULL_READY",
    failed: "ERROR_ANALYZE",
    cancelled: "CANCELLED",
    superseded: "CANCELLED",
    expired: "CANCELLED",
  },
  milestones: { TEASER_READY: "TEASER_READY" },
  steps: { crawl: "CRAWL", parse: "PARSE", analyze: "ANALYZE", generate: "GENERATE" },
  errors: { ERROR_VALIDATION: "ERROR_VALIDATION", ERROR_CRAWL: "ERROR_CRAWL" },
});
