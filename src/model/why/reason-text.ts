/** Reasons in words: the one place that has them, so that the command line, an API and a page say the same. */
import { formatDuration } from "../value/duration.js";
import type { AwaitedJob, HoldingWorker, ReasonData } from "./reason.js";
import type { Suspension } from "./suspension.js";

/** One reason in a sentence. `now`: the engine's clock, epoch milliseconds; times are said relative to it. */
export function reasonText(reason: ReasonData, now: number): string {
  switch (reason.kind) {
    case "ended":
      return endedText(reason, now);
    case "active":
      return `It runs: ${workerText(reason.worker, now)} has had it for ${span(now - reason.since)}.`;
    case "paused":
      return `Queue ${reason.queue} is paused${reason.since === null ? "" : `, for ${span(now - reason.since)} now`}.`;
    case "delayed":
      return delayedText(reason, now);
    case "held":
      return "It was enqueued held, and has not been released.";
    case "blocked":
      return blockedText(reason);
    case "no-worker": {
      const last = reason.lastSeenAt === null ? "" : `; the last one was seen ${span(now - reason.lastSeenAt)} ago`;
      return `No living worker serves queue ${reason.queue}${last}.`;
    }
    case "no-task": {
      const serve = reason.workers === 1 ? "1 worker serves" : `${reason.workers} workers serve`;
      const have = reason.tasks.length === 0 ? "" : ` (they have ${reason.tasks.join(", ")})`;
      return `${serve} queue ${reason.queue}, and none has task ${reason.task}${have}.`;
    }
    case "busy": {
      const of = reason.workers === 1 ? "of the worker" : `of ${reason.workers} workers`;
      return `${reason.slots === 1 ? `The slot ${of} that could run it is` : `All ${reason.slots} slots ${of} that could run it are`} taken.`;
    }
    case "suspended":
      return suspendedText(reason);
    case "suspect":
      return `Workers died ${reason.crashes} times while they ran it, so a worker runs it only beside no other such job.`;
    case "position":
      return positionText(reason);
    case "soon":
      return "Nothing is in its way: a worker takes it next time it asks for work.";
  }
}

type Of<Kind extends ReasonData["kind"]> = Extract<ReasonData, { kind: Kind }>;

function endedText({ state, at, error }: Of<"ended">, now: number): string {
  const when = at === null ? "" : ` ${span(now - at)} ago`;
  return `It has ended: ${state}${when}${error === null ? "" : `, ${error}`}.`;
}

function workerText({ name, liveness, leaseEndsAt }: HoldingWorker, now: number): string {
  if (liveness === "silent" && leaseEndsAt !== null) {
    return `worker ${name} (silent; its lease lapses in ${span(leaseEndsAt - now)})`;
  }
  if (liveness === "lost") return `worker ${name} (lost; a living worker takes its jobs over)`;
  return `worker ${name}`;
}

function delayedText({ until, cause, attempt, attempts }: Of<"delayed">, now: number): string {
  const when = until > now ? `It is not due for ${span(until - now)}` : "It is due and about to be queued";
  if (cause === "retry") return `${when}: attempt ${attempt} of ${attempts} comes then, after its back-off.`;
  return `${when}: ${cause === "snoozed" ? "its handler asked to run later" : "it was enqueued for then"}.`;
}

function blockedText({ by, open, all, isFlow, failed }: Of<"blocked">): string {
  const what = isFlow ? `${open} of its ${jobs(all)}` : `${open} of ${jobs(all)}`;
  const more = open > by.length && by.length > 0 ? ", …" : "";
  const names = by.length === 0 ? "" : `: ${by.map(awaitedText).join(", ")}${more}`;
  const bad = failed === 0 ? "" : ` ${failed} did not succeed.`;
  return `It waits for ${what}${names}.${bad}`;
}

function awaitedText({ queue, id, task, state }: AwaitedJob): string {
  return `${task} ${queue}/${id} (${state})`;
}

const SUSPENSION_TEXTS: Readonly<Record<Suspension, string>> = {
  quiet: "commanded to be quiet",
  stopping: "stopping",
  maxJobs: "at its most jobs",
  maxRss: "at its most memory",
  outage: "the engine does not answer it",
};

function suspendedText({ workers, by }: Of<"suspended">): string {
  const names = by.map(({ name, why }) => `${name} (${why.map((one) => SUSPENSION_TEXTS[one]).join(", ")})`);
  const more = workers > by.length ? ", …" : "";
  return `${workers === 1 ? "A worker that could run it takes" : `${workers} workers that could run it take`} no work: ${names.join(", ")}${more}.`;
}

function positionText({ place, of, priority, next }: Of<"position">): string {
  const order = next === null ? "" : `; its priority is ${priority}, that of the first ${next}`;
  return `It is number ${place} of ${jobs(of)} in the queue${order}.`;
}

function jobs(count: number): string {
  return `${count} ${count === 1 ? "job" : "jobs"}`;
}

function span(milliseconds: number): string {
  return formatDuration(Math.max(0, milliseconds));
}
