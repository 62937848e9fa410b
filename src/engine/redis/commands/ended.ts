/** Jobs that ended without a run: a worker claims some, and acknowledges them when it has notified their application. */
import { ENDED_AGAIN, type JobRef } from "../../../model/job/job.js";
import type { Params } from "../../contract/commands.js";
import type { Link } from "../connection/connection.js";
import type { QueueOutages } from "../connection/queue-outages.js";
import { list, text } from "../connection/reply.js";
import { batchesOf } from "../format/batches.js";

/** Claims jobs that ended without a run, for `ENDED_AGAIN` ms: after that they can be claimed again. */
export async function claimEnded(
  link: Link,
  outages: QueueOutages,
  { queues, tasks, limit }: Params<"claimEnded">,
): Promise<JobRef[]> {
  const claimed: JobRef[] = [];
  for (const queue of queues) {
    if (claimed.length >= limit || tasks.length === 0) break;
    const args = ["claim", limit - claimed.length, ENDED_AGAIN, ...tasks];
    const ids = list((await outages.askOne(queue, () => link.run("ended", queue, args))) ?? []).map(text);
    claimed.push(...ids.map((id) => ({ queue, id })));
  }
  return claimed;
}

/** Their hooks have run. */
export async function acknowledgeEnded(link: Link, { refs }: Params<"acknowledgeEnded">): Promise<void> {
  await Promise.all(
    batchesOf(refs).flatMap((batches) =>
      batches.map(({ queue, places }) =>
        link.run("ended", queue, ["acknowledge", ...places.map((place) => refs[place]?.id ?? "")]),
      ),
    ),
  );
}
