/** Commands on single jobs on Redis: one script call for up to 500 jobs of a queue. */
import type { ControlAnswer, ControlParams } from "../../contract/engine.js";
import { batchesOf } from "../format/batches.js";
import type { Link } from "../connection/connection.js";
import { list, stateOf, text } from "../connection/reply.js";
import { CONTROL_LETTERS, meaningOf } from "../connection/wire.js";

/** The commands of the script. */
export type Command = "release" | "cancel" | "retry" | "promote" | "update" | "remove";

/**
 * Runs a command on jobs; one answer each, in order. `pending`: queues whose outbox has messages. `patch` is JSON, for
 * `update` and `retry`.
 */
export async function control(
  link: Link,
  command: Command,
  { refs, op }: ControlParams,
  patch: string,
): Promise<{ answers: ControlAnswer[]; pending: Set<string> }> {
  const pending = new Set<string>();
  const answers: ControlAnswer[] = refs.map(() => ({ outcome: "missing", state: null }));
  await Promise.all(
    batchesOf(refs).map(async (batches) => {
      for (const { queue, places } of batches) {
        let rest = places;
        while (rest.length > 0) {
          const ids = rest.map((place) => refs[place]?.id ?? "");
          const reply = list(await link.run("control", queue, [op, command, patch, ...ids]));
          if (reply.pop() === 1) pending.add(queue);
          const answered = reply.length / 2;
          for (const [index, place] of rest.slice(0, answered).entries()) {
            const state = reply[index * 2 + 1];
            const outcome = text(reply[index * 2]);
            const owner = outcome.slice(1);
            answers[place] = {
              outcome: meaningOf(CONTROL_LETTERS, outcome.charAt(0)) ?? "conflict",
              state: state === "" ? null : stateOf(state),
              ...(owner === "" ? {} : { owner }),
            };
          }
          rest = rest.slice(answered);
        }
      }
    }),
  );
  return { answers, pending };
}
