// The statuses of jobs in the words of this example's users.

import { profile } from "longshore";

/** What a job is called in the progress line and in the report. */
export const words = profile({
  states: {
    blocked: "queued",
    delayed: "queued",
    queued: "queued",
    active: "running",
    completed: "finished",
    partial: "Partial",
    failed: "failed",
    cancelled: "failed",
    expired: "failed",
    superseded: "Superseded",
  },
});

export type Status = (typeof words.names)[number];

/** How many jobs have each status; one that is not there counts none. */
export type StatusCounts = Partial<Record<Status, number>>;

/** `counts` as text, in the order of a job's life: `["15 queued", "5 running"]`. */
export function statusCounts(counts: StatusCounts): string[] {
  return words.names.flatMap((status) => {
    const count = counts[status] ?? 0;
    return count === 0 ? [] : [`${count} ${status}`];
  });
}
