/** Leasing and settling on Redis: sessions, exchanges and reports, one script call a queue. */
import { MOST_CLAIMED_BYTES, type Revocation } from "../../../contract/engine.js";
import type {
  Engine,
  ExchangeAnswer,
  HeartbeatAnswer,
  HeldPage,
  Lease,
  QueueOutage,
  Report,
  SettlementAnswer,
} from "../../../contract/engine.js";
import { encodeCheckpoint } from "../../../../model/job/report/checkpoint.js";
import { LONGEST_LOG_LINE, type LogLine } from "../../../../model/job/report/log.js";
import { headOf } from "../../../../model/text.js";
import { earliest } from "../../../shared/listing-order.js";
import { commandToGive, encodeStatus } from "../../../shared/workers/worker-status.js";
import type { Argument, Link } from "../../connection/connection.js";
import type { QueueOutages } from "../../connection/queue-outages.js";
import { exchangeOne } from "./exchange-queue.js";
import type { QueueAnswer } from "./exchange-reply.js";
import type { FastPath } from "./fast-path.js";
import type { LatestEpochs } from "./latest-epochs.js";
import type { UnansweredCalls } from "./unanswered-calls.js";
import { list, text } from "../../connection/reply.js";
import { CAUSE_LETTERS, FENCED_LETTERS } from "../../connection/wire.js";

/**
 * Settles outcomes and leases work, queue by queue in the order of the claim. `pending`: queues whose outbox has messages.
 */
export async function exchange(
  link: Link,
  fastPath: FastPath,
  outages: QueueOutages,
  unanswered: UnansweredCalls,
  epochs: LatestEpochs,
  params: Parameters<Engine["exchange"]>[0],
): Promise<{ answer: ExchangeAnswer; pending: string[] }> {
  const { session, lane, call, settle, claim } = params;
  const claimed = claim?.queues ?? [];
  const tasks = (claim?.tasks ?? []).join(" ");
  const names = [...new Set([...claimed, ...settle.map((settlement) => settlement.queue)])];
  const settled: SettlementAnswer[] = settle.map(() => "stale");
  const unavailable: QueueOutage[] = [];
  const leases: Lease[] = [];
  const pending: string[] = [];
  const paused: string[] = [];
  let bytes = 0;
  let alive = true;
  let more = false;
  let nextDue: number | null = null;
  for (const [at, queue] of names.entries()) {
    const mine = settle.filter((settlement) => settlement.queue === queue);
    // Once the jobs of this call are long enough, no other queue gives any.
    const wanted = bytes > MOST_CLAIMED_BYTES ? leases.length : (claim?.max ?? 0);
    const left = claimed.includes(queue) ? wanted - leases.length : -1;
    if (left <= 0 && mine.length === 0) continue;
    const outage = outages.of(queue);
    if (outage !== null) {
      unavailable.push(outage);
      continue;
    }
    const suspect = (claim?.suspect ?? false) && !leases.some((lease) => lease.suspect);
    const asked = unanswered.of(session, lane, queue) ?? call;
    let answer: QueueAnswer;
    try {
      const wish = { max: left, suspect, tasks, ttl: claim?.ttl ?? null, bytes };
      answer = await exchangeOne(link, fastPath, epochs, { session, lane, call: asked, queue, settle: mine, wish });
    } catch (error) {
      unavailable.push(outages.leaveOut(queue, error));
      unanswered.add(session, lane, queue, asked);
      await outages.examine(names.slice(at + 1));
      continue;
    }
    outages.answered(queue);
    unanswered.clear(session, lane, queue);
    alive &&= answer.alive;
    if (answer.pending) pending.push(queue);
    let next = 0;
    for (const [index, settlement] of settle.entries()) {
      if (settlement.queue !== queue) continue;
      if (answer.settled.charAt(next) === FENCED_LETTERS.applied) settled[index] = "applied";
      next += 1;
    }
    bytes += answer.bytes;
    leases.push(...answer.leases);
    more ||= answer.more;
    if (answer.paused) paused.push(queue);
    nextDue = earliest(nextDue, answer.nextDue);
  }
  more ||= bytes > MOST_CLAIMED_BYTES;
  const whole = { alive, settled, leases, more, nextDue, ...(paused.length > 0 && { paused }) };
  if (unavailable.length === 0) return { answer: whole, pending };
  const gone = new Set(unavailable.map(({ queue }) => queue));
  for (const [index, { queue }] of settle.entries()) if (gone.has(queue)) settled[index] = "unanswered";
  return { answer: { ...whole, unavailable }, pending };
}

/** Renews a session in all its queues; the first has its status, and the commands to its worker. */
export async function heartbeat(
  link: Link,
  outages: QueueOutages,
  { session, queues, ttl, status, acknowledges }: Parameters<Engine["heartbeat"]>[0],
): Promise<HeartbeatAnswer> {
  const notes = [status === undefined ? "" : encodeStatus(status), acknowledges ?? ""];
  const beat = (queue: string): Promise<unknown> =>
    link.run("session", queue, [session, "beat", ttl, ...(queue === queues[0] ? notes : [])]);
  const answers = await outages.tell(queues, `beat ${session}`, beat);
  const revoked = answers.flatMap((answer, index) =>
    list(answer ?? [])
      .slice(2)
      .map((lease) => decodeRevocation(queues[index] ?? "", text(lease))),
  );
  const alive = answers.every((answer) => answer === null || list(answer)[0] === 1);
  return { alive, revoked, ...commandToGive(text(list(answers[0] ?? [])[1])) };
}

/** Ends a session. What it holds is returned some at a time; until then the server takes it for dead. */
export async function closeSession(
  link: Link,
  outages: QueueOutages,
  { session, queues }: Parameters<Engine["closeSession"]>[0],
): Promise<void> {
  await outages.tell(queues, `close ${session}`, async (queue) => {
    let cursor = "";
    do {
      cursor = text(await link.run("session", queue, [session, "close", cursor]));
    } while (cursor !== "");
  });
}

/** A page of what a session holds in a queue. */
export async function held(link: Link, { session, queue, cursor }: Parameters<Engine["held"]>[0]): Promise<HeldPage> {
  const [next, ...leases] = list(await link.run("session", queue, [session, "held", cursor ?? ""])).map(text);
  return {
    leases: leases.map((lease) => {
      const [id = "", epoch = "0"] = lease.split(" ");
      return { queue, id, epoch: Number(epoch) };
    }),
    cursor: next === undefined || next === "" ? null : next,
  };
}

/** `id epoch why` as a lease of a queue that was taken away. */
export function decodeRevocation(queue: string, text: string): Revocation {
  const [id = "", epoch = "0", why] = text.split(" ");
  return { queue, id, epoch: Number(epoch), cause: why === CAUSE_LETTERS.supersede ? "supersede" : "cancel" };
}

/** Stores the reports of running jobs. */
export async function report(
  link: Link,
  outages: QueueOutages,
  { session, updates }: Parameters<Engine["report"]>[0],
): Promise<SettlementAnswer[]> {
  const answers: SettlementAnswer[] = updates.map(() => "unanswered");
  const queues = [...new Set(updates.map((update) => update.queue))];
  await outages.ask(queues, async (queue) => {
    const mine = [...updates.entries()].filter(([, update]) => update.queue === queue);
    const args = mine.flatMap(([, update]) => encodeReport(update));
    const letters = text(await link.run("report", queue, [session, ...args]));
    for (const [place, [index]] of mine.entries())
      answers[index] = letters.charAt(place) === FENCED_LETTERS.applied ? "applied" : "stale";
  });
  return answers;
}

function encodeReport({ id, epoch, progress, meta, lines, checkpoints, after, number: own }: Report): Argument[] {
  const log = (lines ?? []).map(encodeLine).join("\n");
  const left = (checkpoints ?? []).map((one) => `${one.seq} ${encodeCheckpoint(one)}`).join("\n");
  const waits = (after ?? []).map((ref) => `${ref.queue}\0${ref.id}`).join("\n");
  const shown = progress === undefined ? "" : JSON.stringify(progress);
  return [id, epoch, shown, meta ?? "", log, left, waits, own ?? ""];
}

function encodeLine({ at, level, message }: LogLine): string {
  return JSON.stringify({ at, level, message: headOf(message, LONGEST_LOG_LINE) });
}
