/** What a command that serves knows of those that run jobs beside its server, wherever they run. */
import type { Readiness } from "../health/readiness.js";
import type { Log } from "../terminal/log.js";

/** Those that run the jobs. */
export interface Workers {
  /** Resolves when none of them is left and none will come, with the exit code. Never rejects. */
  readonly finished: Promise<number>;
  /** Do they take jobs? */
  readonly ready: Readiness;
  /** Stops them, once their running jobs have ended; called again, without that wait. `why` is logged. */
  stop(why: Readonly<Record<string, unknown>>): void;
}

/** No workers: it ends when it is stopped. */
export function noWorkers(log: Log): Workers {
  const stopped = new AbortController();
  return {
    finished: new Promise((resolve) => {
      stopped.signal.addEventListener("abort", () => resolve(0));
    }),
    ready: async () => true,
    stop(why) {
      log.write("info", "Stopping", why);
      stopped.abort();
    },
  };
}
