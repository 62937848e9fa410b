/** Bulk jobs: what is asked, and how far one is. */
import { z } from "@hono/zod-openapi";
import type { BulkInput } from "../../client/bulk/bulk-request.js";
import type { BulkResult } from "../../client/bulk/bulk-result.js";
import type { Job } from "../../client/jobs/job.js";
import type { JobSnapshot } from "../../model/job/query/snapshot.js";
import type { View } from "../http/view.js";
import {
  ErrorDocument,
  errorDocument,
  iso,
  isoOrNull,
  JobId,
  Name,
  orNull,
  State,
  Time,
  TimeOrNull,
} from "./common.js";
import { Filter } from "./filter.js";
import { progressDocument, ProgressDocument } from "./job.js";

const Action = z.enum(["cancel", "retry", "promote", "release", "remove"]);

/** What is to be done to all jobs that match a filter. */
export const BulkRequestSchema = z
  .strictObject({
    action: Action,
    filter: Filter,
    preview: z.boolean().optional().openapi({ description: "Only count the jobs; nothing is done" }),
    all: z.boolean().optional().openapi({ description: "Allows a filter without conditions" }),
    fromStart: z.boolean().optional().openapi({ description: "retry only: run also the steps that ended well" }),
  })
  .openapi("BulkRequest");

/** How many jobs match. */
export const BulkPreviewDocument = z
  .object({
    action: Action,
    matched: z.number().int(),
    exact: z.boolean().openapi({ description: "false: at least so many" }),
  })
  .openapi("BulkPreview");

const Links = z.object({ self: z.string(), cancel: z.string() });

/** A bulk job that was accepted. */
export const AcceptedBulk = z
  .object({ jobId: JobId, status: State, links: Links })
  .openapi("AcceptedBulk", { description: "Workers carry it out: see `links.self`" });

/** A bulk job. */
export const BulkDocument = z
  .object({
    jobId: JobId,
    state: State,
    action: Action,
    filter: z.record(z.string(), z.unknown()).openapi({ description: "As it is stored: times in epoch milliseconds" }),
    fromStart: z.boolean(),
    by: z.string().nullable().openapi({ description: "Who asked for it" }),
    progress: orNull(ProgressDocument),
    result: z
      .object({
        matched: z.number().int(),
        applied: z.number().int(),
        refused: z
          .record(z.string(), z.number().int())
          .openapi({ description: "To how many it was not done, by cause" }),
        firstRefusals: z.array(
          z.object({ queue: Name, jobId: JobId, outcome: z.string(), state: z.string().nullable() }),
        ),
      })
      .nullable()
      .openapi({ description: "null until it has ended well" }),
    error: orNull(ErrorDocument),
    createdAt: Time,
    startedAt: TimeOrNull,
    finishedAt: TimeOrNull,
    links: Links,
  })
  .openapi("BulkJob");

export type BulkDocument = z.infer<typeof BulkDocument>;

/** A bulk job that was accepted. */
export function acceptedBulk(job: Job<BulkResult, BulkInput>, api: string): z.infer<typeof AcceptedBulk> {
  return { jobId: job.id, status: "queued", links: linksOf(job.id, api) };
}

/** What is read of a bulk job. */
export type BulkSnapshot = Pick<
  JobSnapshot<BulkResult | null, BulkInput>,
  "id" | "state" | "tags" | "progress" | "input" | "result" | "error" | "createdAt" | "startedAt" | "finishedAt"
>;

/** A bulk job as it is now. */
export function bulkDocument(job: BulkSnapshot, view: View, api: string): BulkDocument {
  const { action, filter, fromStart } = job.input;
  const by = job.tags.find((tag) => tag.startsWith("by:"));
  return {
    ...{
      jobId: job.id,
      state: job.state,
      action,
      filter: view.said({ ...filter }),
      fromStart,
      by: by?.slice(3) ?? null,
    },
    progress: job.progress === null ? null : progressDocument(job.progress, view),
    result: job.result === null ? null : resultDocument(job.result),
    error: errorDocument(job.error, view.text, view.payloads),
    createdAt: iso(job.createdAt),
    startedAt: isoOrNull(job.startedAt),
    finishedAt: isoOrNull(job.finishedAt),
    links: linksOf(job.id, api),
  };
}

function resultDocument({ matched, applied, refused, firstRefusals }: BulkResult): NonNullable<BulkDocument["result"]> {
  const refusals = firstRefusals.map(({ queue, id, outcome, state }) => ({ queue, jobId: id, outcome, state }));
  return { matched, applied, refused: { ...refused }, firstRefusals: refusals };
}

function linksOf(id: string, api: string): z.infer<typeof Links> {
  const self = `${api}/bulk/${encodeURIComponent(id)}`;
  return { self, cancel: `${self}/cancel` };
}
