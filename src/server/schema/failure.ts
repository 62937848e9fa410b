/** The document of a failure group. */
import { z } from "@hono/zod-openapi";
import { FAILURE_GROUP_STATES } from "../../model/failure/group.js";
import type { FailureGroupSnapshot } from "../../model/failure/groups/merged-group.js";
import type { View } from "../http/view.js";
import { iso, isoOrNull, JobId, Name, Time, TimeOrNull } from "./common.js";

/** What has become of a group. */
export const FailureGroupStateSchema = z.enum(FAILURE_GROUP_STATES).openapi("FailureGroupState");

const inEach = {
  state: FailureGroupStateSchema,
  changedAt: TimeOrNull.openapi({ description: "When it got this state; null: open from the beginning" }),
  changedBy: z.string().nullable(),
  runs: z.number().int().openapi({ description: "How many runs failed" }),
  filed: z.number().int().openapi({ description: "How many jobs stand failed with this error" }),
  firstAt: Time,
  lastAt: Time,
};

/** A failure group. */
export const FailureDocument = z
  .object({
    fingerprint: z.string(),
    name: z.string(),
    message: z.string(),
    code: z.string().nullable(),
    ...inEach,
    queues: z.array(z.object({ queue: Name, ...inEach })),
    tasks: z.array(z.string()),
    versions: z.array(
      z.object({
        task: z.string(),
        appVersion: z.string().nullable(),
        environment: z.string().nullable(),
        version: z.string().nullable(),
      }),
    ),
    samples: z
      .array(z.object({ queue: Name, jobId: JobId }))
      .openapi({ description: "Jobs that failed, the latest first" }),
    hours: z.array(z.object({ at: Time, count: z.number().int() })).openapi({ description: "Failed runs by hour" }),
    links: z.object({ self: z.string(), jobs: z.string() }),
  })
  .openapi("FailureGroup");

export type FailureDocument = z.infer<typeof FailureDocument>;

/** A failure group as it is now. */
export function failureDocument(group: FailureGroupSnapshot, view: View, api: string): FailureDocument {
  const { fingerprint, name, message, code } = group;
  return {
    ...{
      fingerprint,
      name: view.text(name),
      message: view.text(message),
      code: code === null ? null : view.text(code),
    },
    ...eachDocument(group),
    queues: group.queues.map((one) => ({ queue: one.queue, ...eachDocument(one) })),
    tasks: [...group.tasks],
    versions: group.versions.map((version) => ({ ...version })),
    samples: group.samples.map(({ queue, id }) => ({ queue, jobId: id })),
    hours: group.hours.map(({ at, count }) => ({ at: iso(at), count })),
    links: { self: `${api}/failures/${fingerprint}`, jobs: `${api}/jobs?fingerprint=${fingerprint}` },
  };
}

type Each = { [Name in keyof typeof inEach]: z.infer<(typeof inEach)[Name]> };

function eachDocument(
  one: Pick<FailureGroupSnapshot, "state" | "changedAt" | "changedBy" | "runs" | "filed" | "firstAt" | "lastAt">,
): Each {
  const { state, changedAt, changedBy, runs, filed, firstAt, lastAt } = one;
  return {
    ...{ state, changedAt: isoOrNull(changedAt), changedBy, runs, filed },
    ...{ firstAt: iso(firstAt), lastAt: iso(lastAt) },
  };
}
