/** The events of a queue as a client reads them: those after a cursor, and the wait for the next. */
import { WATCH_INTEREST, type QueueEvent } from "../../../model/job/event.js";
import { shorterThan } from "../../../model/value/shorter-signal.js";
import type { Answer, Params } from "../../contract/commands.js";
import type { Link } from "../connection/connection.js";
import type { Keys } from "../connection/keys.js";
import { list, number, text } from "../connection/reply.js";
import type { Channel } from "./channel.js";

/** What the event of a state need not say. */
const UNSAID = { duration: null, fingerprint: null, flow: null };

/** The next events of a queue, which from now on keeps some (`WATCH_INTEREST`), but does not come to exist by that. */
export async function watch(link: Link, { queue, cursor, max }: Params<"watch">): Promise<Answer<"watch">> {
  const reply = list(await link.run("watch", queue, [cursor ?? "", max, WATCH_INTEREST]));
  const seen = number(reply[0]);
  const events: QueueEvent[] = [];
  for (let at = 2; at < reply.length; at += 3) {
    for (const [place, json] of text(reply[at + 2])
      .split("\n")
      .entries()) {
      const told = JSON.parse(json);
      const event: QueueEvent = {
        ...(told.kind === "state" ? UNSAID : {}),
        ...told,
        seq: number(reply[at]) + place,
        at: number(reply[at + 1]),
      };
      if (event.seq > seen && events.length < max) events.push(event);
    }
  }
  return { events, cursor: events.at(-1)?.seq ?? seen, gap: reply[1] === 1 };
}

/** Waits until the queue has an event after the cursor, for `timeout` ms at most. */
export async function awaitEvents(
  link: Link,
  keys: Keys,
  channel: Channel,
  { queue, cursor, timeout, signal }: Params<"awaitEvents">,
): Promise<void> {
  await channel.listen(queue);
  const seen = shorterThan(signal);
  const receipt = channel.wait(queue, cursor, timeout, seen.signal);
  try {
    // Messages published before the wait began are missed: compare the sequence.
    const sequence = await link.send(() => link.client.hget(keys.of(queue, "queue"), "seq"));
    if (Number(sequence ?? 0) <= cursor) await receipt;
  } finally {
    seen.end();
  }
}
