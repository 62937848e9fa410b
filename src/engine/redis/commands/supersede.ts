/** Superseded jobs whose hooks have not run: a worker claims some, and acknowledges them when their hooks have. */
import { SUPERSEDED_AGAIN, type JobRef } from "../../../model/job/job.js";
import type { Params } from "../../contract/commands.js";
import type { Link } from "../connection/connection.js";
import { list, text } from "../connection/reply.js";
import { batchesOf } from "../format/batches.js";

/** Claims superseded jobs, for `SUPERSEDED_AGAIN` ms: after that they can be claimed again. */
export async function claimSuperseded(
  link: Link,
  { queues, tasks, limit }: Params<"claimSuperseded">,
): Promise<JobRef[]> {
  const claimed: JobRef[] = [];
  for (const queue of queues) {
    if (claimed.length >= limit || tasks.length === 0) break;
    const args = ["claim", limit - claimed.length, SUPERSEDED_AGAIN, ...tasks];
    const ids = list(await link.run("superseded", queue, args)).map(text);
    claimed.push(...ids.map((id) => ({ queue, id })));
  }
  return claimed;
}

/** Their hooks have run. */
export async function acknowledgeSuperseded(link: Link, { refs }: Params<"acknowledgeSuperseded">): Promise<void> {
  await Promise.all(
    batchesOf(refs).flatMap((batches) =>
      batches.map(({ queue, places }) =>
        link.run("superseded", queue, ["acknowledge", ...places.map((place) => refs[place]?.id ?? "")]),
      ),
    ),
  );
}
