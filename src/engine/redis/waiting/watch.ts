/** The events of a queue as a client reads them: those after a cursor. The wait for the next is in event-waits.ts. */
import { RENEW_INTEREST_BELOW, WATCH_INTEREST, type QueueEvent } from "../../../model/job/event.js";
import type { Answer, Params } from "../../contract/commands.js";
import type { Link } from "../connection/connection.js";
import type { QueueOutages } from "../connection/queue-outages.js";
import { list, number, text } from "../connection/reply.js";
import type { LookAt } from "./event-waits.js";

/** What the event of a state need not say. */
const UNSAID = { duration: null, fingerprint: null, flow: null };

/** How many queues are looked at in one command. */
const AT_ONCE = 200;

/** Looks at queues for those that wait for events (event-waits.ts). `together`: can one command be about several queues? */
export function lookAt(link: Link, outages: QueueOutages, together: boolean): LookAt {
  const look = async (queues: readonly string[]): Promise<unknown> =>
    link.runOnMany("watched", queues, [WATCH_INTEREST, RENEW_INTEREST_BELOW]);
  return async (queues, seen) => {
    const size = together ? AT_ONCE : 1;
    const parts = Array.from({ length: Math.ceil(queues.length / size) }, (_none, n) =>
      queues.slice(n * size, (n + 1) * size),
    );
    await Promise.all(
      parts.map(async (part) => {
        let found: unknown = null;
        try {
          found = await (together ? look(part) : outages.askOne(part[0] ?? "", () => look(part)));
        } catch {
          // Who then asks for the events learns why.
        }
        for (const [index, queue] of part.entries()) seen(queue, found === null ? null : number(list(found)[index]));
      }),
    );
  };
}

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
