/** The options of one run of a flow. */
import { InvalidInput } from "../../model/errors/errors.js";
import type { JobOptions } from "../../model/options/options.js";
import type { UniqueOption } from "../../model/job/unique.js";

/** The options of a flow that is enqueued. Those of its jobs are written at its nodes. */
export interface FlowEnqueueOptions extends Pick<JobOptions, "id" | "tags" | "meta" | "keep" | "supersedes"> {
  /** Another queue than the flow's, for its own job. */
  queue?: string;
  /** One live flow per key. */
  unique?: Pick<UniqueOption, "key" | "throttle"> & {
    until?: Exclude<UniqueOption["until"], "started" | undefined>;
    /**
     * The answer to a second one: `"join"` answers the first, `"reject"` throws `UniqueConflict`. Default: `"join"`.
     */
    onConflict?: "join" | "reject";
  };
}

const KNOWN = ["id", "queue", "tags", "meta", "keep", "unique", "supersedes"];

const REFUSED: Readonly<Record<string, string>> = {
  after: "not for a flow: give it to the nodes that are to wait",
  ifFailed: "not for a flow: give it to its nodes",
  delay: "not for a flow: give it to the nodes that are to run later",
  runAt: "not for a flow: give it to the nodes that are to run later",
  hold: "not for a flow: it runs once it is complete",
  ttl: "not for a flow: give it to its nodes",
  priority: "not for a flow, which no worker runs: give it to its nodes",
  attempts: "not for a flow, which no worker runs: give it to its nodes",
  retries: "not for a flow, which no worker runs: give it to its nodes",
  backoff: "not for a flow, which no worker runs: give it to its nodes",
  timeout: "not for a flow, which no worker runs: give it to its nodes",
};

/** Checks the options that are particular to flows. @throws InvalidInput */
export function parseFlowEnqueueOptions(given: unknown): FlowEnqueueOptions {
  if (given === undefined) return {};
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new InvalidInput("options", given, "an object of options");
  }
  const defined = Object.entries({ ...given }).filter(([, value]) => value !== undefined);
  const options: Record<string, unknown> = Object.fromEntries(defined);
  for (const [key, value] of Object.entries(options)) {
    if (KNOWN.includes(key)) continue;
    throw new InvalidInput(key, value, REFUSED[key] ?? `no such option; known: ${KNOWN.join(", ")}`);
  }
  const { unique } = options;
  if (typeof unique === "object" && unique !== null) checkUnique({ ...unique });
  return options;
}

function checkUnique(unique: Record<string, unknown>): void {
  const { until, onConflict, debounce } = unique;
  if (until === "started") {
    throw new InvalidInput("unique.until", until, 'not for a flow, which no worker runs: "finished", or a time');
  }
  if (onConflict === "replace")
    throw new InvalidInput("unique.onConflict", onConflict, 'not for a flow: "join" or "reject"');
  if (debounce !== undefined) {
    throw new InvalidInput("unique.debounce", debounce, "not for a flow; debounce a job that enqueues it");
  }
}
