/**
 * The names five real systems have for what becomes of a job (S0…S4 of the requirements), as profiles. Where a system has no
 * name for one of our states, the note says which of its names is nearest, and why.
 */
import { profile } from "../../../src/model/profile/profile.js";
import { statuses } from "../../../src/model/profile/status-machine.js";

/**
 * S0-35, S0-36: a review of requirements. It knows neither cancelling nor expiring: both leave no usable result, which is
 * what S0-48 calls failed.
 */
export const reviews = profile({
  states: {
    blocked: "queued",
    delayed: "queued",
    queued: "queued",
    active: "running",
    completed: "finished",
    partial: "Partial",
    failed: "failed",
    cancelled: "failed",
    superseded: "Superseded",
    expired: "failed",
  },
});

/**
 * S1-09…14: a scan of a site. A failure with no code of its own broke the processing, which is ERROR_ANALYZE (S1-14). A scan
 * some of whose analyses failed has its report: FULL_READY. The last three are additions in its spelling.
 */
export const scans = profile({
  states: {
    blocked: "QUEUED",
    delayed: "QUEUED",
    queued: "QUEUED",
    active: "RUNNING",
    completed: "FULL_READY",
    partial: "FULL_READY",
    failed: "ERROR_ANALYZE",
    cancelled: "CANCELLED",
    superseded: "SUPERSEDED",
    expired: "EXPIRED",
  },
  milestones: { TEASER_READY: "TEASER_READY" },
  steps: { crawl: "CRAWL", parse: "PARSE", analyze: "ANALYZE", generate: "GENERATE" },
  errors: { ERROR_VALIDATION: "ERROR_VALIDATION", ERROR_CRAWL: "ERROR_CRAWL", ERROR_ANALYZE: "ERROR_ANALYZE" },
});

/** S1-15: the same statuses as a state machine, with the ways back of an attempt after one that failed or died. */
export const scanStatuses = statuses({
  initial: "QUEUED",
  transitions: {
    QUEUED: ["RUNNING", "ERROR_VALIDATION"],
    RUNNING: ["RUNNING", "TEASER_READY", "ERROR_VALIDATION", "ERROR_CRAWL", "ERROR_ANALYZE"],
    TEASER_READY: ["RUNNING", "FULL_READY", "ERROR_ANALYZE"],
    FULL_READY: [],
    ERROR_VALIDATION: [],
    ERROR_CRAWL: ["RUNNING"],
    ERROR_ANALYZE: ["RUNNING"],
  },
});

/**
 * S2-27: exactly these five. Its clients poll until `completed` or `failed` (S2-24), so every end must be one of the two: a
 * partial job has a result, the others have none.
 */
export const summaries = profile({
  states: {
    blocked: "queued",
    delayed: "delayed",
    queued: "queued",
    active: "active",
    completed: "completed",
    partial: "completed",
    failed: "failed",
    cancelled: "failed",
    superseded: "failed",
    expired: "failed",
  },
});

/**
 * S3-18, S3-30, S3-36: a scraping pipeline with the names of RQ. Its clients wait for `finished`, `failed` or `canceled`; a
 * job that was replaced or expired did not fail, it was called off.
 */
export const scraping = profile({
  states: {
    blocked: "deferred",
    delayed: "scheduled",
    queued: "queued",
    active: "started",
    completed: "finished",
    partial: "finished",
    failed: "failed",
    cancelled: "canceled",
    superseded: "canceled",
    expired: "canceled",
  },
  steps: { fetch: "fetch", parse: "parse", ai_enhance: "ai_enhance", persist: "persist" },
});

/** S3-24: what the same system's page calls a run. Its `idle` is the absence of a job. */
export const scrapingPage = profile({
  states: {
    blocked: "running",
    delayed: "running",
    queued: "running",
    active: "running",
    completed: "completed",
    partial: "completed",
    failed: "failed",
    cancelled: "cancelled",
    superseded: "cancelled",
    expired: "cancelled",
  },
});

/**
 * S4-37: exactly these five. A job is PENDING between being created and enqueued (S4-32): created with `hold`, it is blocked
 * until its release. A job that waits for its time has been enqueued.
 */
export const projects = profile({
  states: {
    blocked: "PENDING",
    delayed: "QUEUED",
    queued: "QUEUED",
    active: "PROCESSING",
    completed: "COMPLETED",
    partial: "COMPLETED",
    failed: "FAILED",
    cancelled: "FAILED",
    superseded: "FAILED",
    expired: "FAILED",
  },
});
