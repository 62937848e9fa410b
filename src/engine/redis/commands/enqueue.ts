/** Storing jobs on Redis: one script call for up to 500 jobs of a queue, fewer when much is written for each. */
import type { JobSpec } from "../../../model/job/job.js";
import type { EnqueueAnswer } from "../../contract/engine.js";
import { enqueueBatchesOf, type Batch } from "../format/batches.js";
import { encodeBody, encodeOptions } from "../format/body.js";
import { Groups } from "../format/argument-groups.js";
import type { Argument, Link } from "../connection/connection.js";
import type { Registry } from "../connection/queue-registry.js";
import { list, number, stateOf, text } from "../connection/reply.js";
import { DECLINED, ENQUEUED_LETTERS, LINKS_LEFT, LISTED, MESSAGES_PENDING, meaningOf } from "../connection/wire.js";

/** How many values the script answers for a job that is not simply created and queued. */
const EXCEPTION_WIDTH = 4;

/** Delivers the pending messages of a queue; answers what went wrong, if anything did. */
type Deliver = (queue: string) => Promise<unknown>;

/** Stores jobs; one answer each, in order. `pending`: queues whose outbox has messages. */
export async function enqueue(
  link: Link,
  registry: Registry,
  deliver: Deliver,
  jobs: readonly JobSpec[],
): Promise<{ answers: EnqueueAnswer[]; pending: Set<string> }> {
  const answers: EnqueueAnswer[] = jobs.map(({ id }) => ({ id, outcome: "created", state: "queued" }));
  const pending = new Set<string>();
  await Promise.all(
    enqueueBatchesOf(jobs).map(async (batches) => {
      for (const batch of batches) {
        if (await enqueueBatch(link, registry, deliver, jobs, batch, answers)) pending.add(batch.queue);
      }
    }),
  );
  return { answers, pending };
}

async function enqueueBatch(
  link: Link,
  registry: Registry,
  deliver: Deliver,
  jobs: readonly JobSpec[],
  { queue, places }: Batch,
  answers: EnqueueAnswer[],
): Promise<boolean> {
  // The queue is listed first: jobs in an unlisted queue would be lost.
  if (!registry.knows(queue)) await registry.add(queue);
  const args: Argument[] = [];
  let usual = true;
  const groups = new Groups(args);
  for (const place of places) {
    const spec = jobs[place];
    if (spec === undefined) continue;
    const options = encodeOptions(spec);
    usual &&= typeof options === "number";
    groups.add(options, spec.id, encodeBody(spec));
  }
  let reply = list(await link.run(usual ? "enqueue-usual" : "enqueue", queue, args));
  if (reply[0] === DECLINED) reply = list(await link.run("enqueue", queue, args));
  while (reply[0] === LINKS_LEFT) {
    const fault = await deliver(queue);
    if (fault !== null) throw fault;
    reply = list(await link.run("enqueue", queue, args));
  }
  // Another client obliterated the queue since this one listed it.
  const first = number(reply[0]);
  if ((first & LISTED) === 0) await registry.mend(queue);
  for (let at = 1; at < reply.length; at += EXCEPTION_WIDTH) {
    const place = places[number(reply[at]) - 1];
    if (place === undefined) continue;
    answers[place] = {
      id: text(reply[at + 1]),
      outcome: meaningOf(ENQUEUED_LETTERS, text(reply[at + 2])) ?? "rejected",
      state: stateOf(reply[at + 3]),
    };
  }
  return (first & MESSAGES_PENDING) !== 0;
}
