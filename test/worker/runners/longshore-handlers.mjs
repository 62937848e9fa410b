// Handlers that use what Longshore exports: its errors, and the current job. With them are those that need nothing of it, for
// tests that run both in one child.
import { setTimeout as sleep } from "node:timers/promises";
import { Cancelled, currentJob, NonRetryable, RetryAfter, ShuttingDown, Snooze, TimedOut } from "longshore";

export * from "./handlers.mjs";

/** Says that it is at work, waits for its signal, and reports its reason. */
export async function obey({ signal, log, progress }) {
  progress(1);
  try {
    await sleep(60_000, undefined, { signal });
  } catch {
    const known = [TimedOut, Cancelled, ShuttingDown].find((known) => signal.reason instanceof known);
    log(`told ${known?.name}: ${signal.reason.message}`);
    throw signal.reason;
  }
}

export async function fail({ input, job }) {
  switch (input.with) {
    case "final":
      throw new NonRetryable("never again", { code: "NEVER", cause: new TypeError("the cause") });
    case "retry-after":
      if (job.attempt === 1) throw new RetryAfter(5);
      return job.attempt;
    case "snooze":
      if (Date.now() < input.until) throw new Snooze(20);
      return job.attempt;
    case "status":
      throw Object.assign(new Error("not found"), { status: 404, details: { of: "page" }, config: () => {} });
    case "limited":
      if (job.attempt === 1) {
        const headers = new Headers({ "retry-after": "0" });
        throw Object.assign(new Error("limited"), { response: { status: 429, headers } });
      }
      return job.attempt;
    case "text":
      throw "only a text";
    default:
      throw new RangeError("out of range");
  }
}

export const current = () => deep();
const deep = async () => {
  await sleep(1);
  return currentJob().job.id;
};
