/** Failure groups in a table, one a line, behind what many failures have in common. */
import type { FailurePage } from "../../client/failures/failure-list.js";
import { MOST_FILED, MOST_FILED_IN_LISTS, type FailureGroupState } from "../../model/failure/group.js";
import type { FailureGroupSnapshot } from "../../model/failure/groups/merged-group.js";
import type { SharedCause } from "../../model/failure/groups/shared-cause.js";
import { jobCount } from "../flags/filters.js";
import type { Output } from "../terminal/output.js";
import { paint, type Style } from "../terminal/table.js";
import { relative } from "../terminal/time-text.js";

const styles: Readonly<Record<FailureGroupState, Style>> = {
  open: "red",
  regressed: "magenta",
  acknowledged: "yellow",
  resolved: "green",
};

/** How many tasks a line names. */
const MOST_TASKS = 3;

/** Prints groups. */
export function printFailures(out: Output, page: FailurePage, causes: readonly SharedCause[], now: number): void {
  for (const { fingerprint, hint } of causes) out.line(paint("yellow", `Shared cause ${fingerprint}: ${hint}`));
  if (page.groups.length === 0) {
    out.note("No failures.");
    return;
  }
  out.table(
    [
      { title: "FINGERPRINT" },
      { title: "STATE" },
      { title: "RUNS", align: "right" },
      { title: "FILED", align: "right" },
      { title: "TASKS" },
      { title: "LAST" },
      { title: "ERROR" },
    ],
    page.groups.map((group) => [
      group.fingerprint,
      paint(styles[group.state], group.state),
      String(group.runs),
      `${group.filed}${isCapped(group, MOST_FILED_IN_LISTS) ? "+" : ""}`,
      tasksOf(group),
      relative(group.lastAt, now),
      errorOf(group),
    ]),
  );
  if (page.cursor !== null || !page.exact) out.note("There are more: --limit, --queue, --task or --state show others.");
  out.note("FILED jobs stand failed now. See them: longshore jobs --state failed --fingerprint FINGERPRINT");
}

type Filed = Pick<FailureGroupSnapshot, "filed"> & {
  readonly queues: readonly Pick<FailureGroupSnapshot["queues"][number], "filed">[];
};

/** The jobs filed under a group that was read alone, in words: what is done to them is done to those beyond the count as well. */
export function filedJobs(group: Filed, kind = ""): string {
  return `${isCapped(group, MOST_FILED) ? "at least " : ""}${jobCount(group.filed, kind)}`;
}

/** Was counting broken off in one of its queues? */
function isCapped({ queues }: Filed, most: number): boolean {
  return queues.some(({ filed }) => filed >= most);
}

/** The error of a group in words. */
export function errorOf({ name, message }: Pick<FailureGroupSnapshot, "name" | "message">): string {
  return `${name}: ${message}`;
}

function tasksOf({ tasks }: FailureGroupSnapshot): string {
  const others = tasks.length - MOST_TASKS;
  return `${tasks.slice(0, MOST_TASKS).join(",")}${others > 0 ? ` +${others}` : ""}`;
}
