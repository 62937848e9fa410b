/** Leasing and settling on Redis: sessions, exchanges and reports, one script call a queue. */
import type { LeaseRef } from "../contract.js";
import type { Engine, ExchangeAnswer, FencedAnswer, Lease, Report, Settlement } from "../contract.js";
import { LONGEST_LOG_LINE, type LogLine } from "../../model/log.js";
import { earliest } from "../order.js";
import { bodyFor } from "./body.js";
import type { Argument, Link } from "./link.js";
import { list, number, text } from "./reply.js";

/** How many values the exchange script answers for a lease. */
const LEASE_WIDTH = 4;
/** Where the leases begin in its reply. */
const LEASES_FROM = 5;

/** What one queue answered to an exchange. */
interface QueueAnswer {
  readonly alive: boolean;
  readonly settled: string;
  readonly more: boolean;
  readonly nextDue: number | null;
  readonly leases: Lease[];
}

/** Settles outcomes and leases work, queue by queue in the order of the claim. */
export async function exchange(link: Link, params: Parameters<Engine["exchange"]>[0]): Promise<ExchangeAnswer> {
  const { session, lane, call, settle, claim } = params;
  const claimed = claim?.queues ?? [];
  const names = [...new Set([...claimed, ...settle.map((settlement) => settlement.queue)])];
  const settled: FencedAnswer[] = settle.map(() => "stale");
  const leases: Lease[] = [];
  let alive = true;
  let more = false;
  let nextDue: number | null = null;
  for (const queue of names) {
    const mine = settle.filter((settlement) => settlement.queue === queue);
    const left = claimed.includes(queue) ? (claim?.max ?? 0) - leases.length : -1;
    if (left <= 0 && mine.length === 0) continue;
    const suspect = (claim?.suspect ?? false) && !leases.some((lease) => lease.suspect);
    const args: Argument[] = [session, lane, call, left, suspect ? 1 : 0];
    for (const settlement of mine) pushSettlement(args, settlement);
    const answer = decodeExchange(queue, await link.run("exchange", queue, args));
    alive &&= answer.alive;
    let next = 0;
    for (const [index, settlement] of settle.entries()) {
      if (settlement.queue !== queue) continue;
      if (answer.settled.charAt(next) === "a") settled[index] = "applied";
      next += 1;
    }
    leases.push(...answer.leases);
    more ||= answer.more;
    nextDue = earliest(nextDue, answer.nextDue);
  }
  return { alive, settled, leases, more, nextDue };
}

function pushSettlement(args: Argument[], { id, epoch, outcome }: Settlement): void {
  switch (outcome.kind) {
    case "complete":
      args.push(id, `${epoch}c`, outcome.result ?? "");
      break;
    case "partial":
      args.push(id, `${epoch}p`, outcome.result ?? "");
      break;
    case "fail":
      args.push(
        id,
        `${epoch}f${outcome.retryIn ?? -1}`,
        `${outcome.error.fingerprint}\n${JSON.stringify(outcome.error)}`,
      );
      break;
    case "snooze":
      args.push(id, `${epoch}s${outcome.delay}`, "");
      break;
    case "release":
      args.push(id, `${epoch}r`, "");
  }
}

function decodeExchange(queue: string, reply: unknown): QueueAnswer {
  const values = list(reply);
  const nextDue = number(values[3]);
  const leases: Lease[] = [];
  const now = number(values[4]);
  for (let at = LEASES_FROM; at < values.length; at += LEASE_WIDTH) {
    const more = values[at + 3];
    const id = text(values[at]);
    const attempts = number(values[at + 2]);
    const { body, problem } = decodeForWorker(id, text(values[at + 1]));
    // Written out instead of spread: half a million of these are made in a busy second or two.
    leases.push(
      typeof more === "number"
        ? {
            queue,
            id,
            epoch: 1,
            attempt: 1,
            attempts,
            crashes: 0,
            suspect: false,
            body,
            problem,
            tags: NO_TAGS,
            meta: null,
            priority: 0,
            createdAt: more,
            runAt: more,
            leasedAt: now,
          }
        : { queue, id, attempts, body, problem, ...parseRest(text(more)) },
    );
  }
  return {
    alive: values[0] === 1,
    settled: text(values[1]),
    more: values[2] === 1,
    nextDue: nextDue < 0 ? null : nextDue,
    leases,
  };
}

type LeaseRest = Omit<Lease, "queue" | "id" | "attempts" | "body" | "problem">;

const NO_TAGS: readonly string[] = [];

function parseRest(json: string): LeaseRest {
  const {
    counted,
    tags,
    meta,
    ...rest
  }: Omit<LeaseRest, "tags" | "meta"> & { counted: number; tags?: string; meta?: string } = JSON.parse(json);
  return { ...rest, attempt: counted + 1, tags: tags === undefined ? [] : tags.split("\n"), meta: meta ?? null };
}

function decodeForWorker(id: string, body: string): Pick<Lease, "body" | "problem"> {
  try {
    return { body: bodyFor(body), problem: null };
  } catch (error) {
    return { body: null, problem: `job ${id}: its stored body cannot be decoded (${String(error)})` };
  }
}

/** Renews a session in all its queues. */
export async function heartbeat(
  link: Link,
  { session, queues, ttl }: Parameters<Engine["heartbeat"]>[0],
): Promise<{ alive: boolean; revoked: LeaseRef[] }> {
  const answers = await Promise.all(queues.map((queue) => link.run("session", queue, [session, "beat", ttl])));
  const revoked = answers.flatMap((answer, index) =>
    list(answer)
      .slice(1)
      .map((lease) => decodeLeaseRef(queues[index] ?? "", text(lease))),
  );
  return { alive: answers.every((answer) => list(answer)[0] === 1), revoked };
}

/** `id epoch` as a lease of a queue. */
export function decodeLeaseRef(queue: string, said: string): LeaseRef {
  const [id = "", epoch = "0"] = said.split(" ");
  return { queue, id, epoch: Number(epoch) };
}

/** Stores what running jobs say. */
export async function report(
  link: Link,
  { session, updates }: Parameters<Engine["report"]>[0],
): Promise<FencedAnswer[]> {
  const answers: FencedAnswer[] = updates.map(() => "stale");
  const queues = [...new Set(updates.map((update) => update.queue))];
  await Promise.all(
    queues.map(async (queue) => {
      const mine = [...updates.entries()].filter(([, update]) => update.queue === queue);
      const args = mine.flatMap(([, update]) => encodeReport(update));
      const letters = text(await link.run("report", queue, [session, ...args]));
      for (const [place, [index]] of mine.entries()) if (letters.charAt(place) === "a") answers[index] = "applied";
    }),
  );
  return answers;
}

function encodeReport({ id, epoch, progress, meta, lines }: Report): Argument[] {
  const log = (lines ?? []).map(encodeLine).join("\n");
  return [id, epoch, progress === undefined ? "" : JSON.stringify(progress), meta ?? "", log];
}

function encodeLine({ at, level, message }: LogLine): string {
  return JSON.stringify({ at, level, message: message.slice(0, LONGEST_LOG_LINE) });
}
