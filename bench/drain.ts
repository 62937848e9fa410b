/**
 * One worker against a backlog: all jobs are added, then one worker runs them, and every completion is verified. The first
 * fifth is the worker's start (connections, threads, interpreters) and does not count.
 */
import { addAll } from "./add-all.js";
import { payloads } from "./payload.js";
import type { RoundContext } from "./scenario.js";
import type { Behaviour } from "./system.js";
import { Tally } from "./tally.js";

/** Adds the round's jobs and runs them; answers jobs a second. @throws NotVerified */
export async function drain(
  { system, store, queue, jobs }: RoundContext,
  { concurrency, behaviour }: { concurrency: number; behaviour: Behaviour },
): Promise<number> {
  const line = await system.open(store, queue);
  try {
    const inputs = payloads(jobs, behaviour === "kilobyte" ? "kilobyte" : "small");
    const tally = new Tally(await addAll(line, inputs));
    const { started, done, failed } = tally;
    const worker = await line.work({ concurrency, behaviour, started, done, failed });
    try {
      await tally.complete();
    } finally {
      await worker.stop();
    }
    await tally.confirm(line);
    // All jobs fail before the first completes: there the completions alone are not the work.
    return behaviour === "fail-once" ? tally.paceOfAll : tally.pace;
  } finally {
    await line.close();
  }
}
