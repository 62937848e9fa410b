/** Leasing and settling on Redis: sessions, exchanges and reports, one script call a queue. */
import type { Revocation } from "../../contract/engine.js";
import type {
  Engine,
  ExchangeAnswer,
  HeldPage,
  Lease,
  Outcome,
  QueueOutage,
  Report,
  Settlement,
  SettlementAnswer,
} from "../../contract/engine.js";
import { encodeCheckpoint } from "../../../model/job/checkpoint.js";
import { encodeFailure } from "../../../model/failure/failure.js";
import type { JobBody } from "../../../model/job/job.js";
import { LONGEST_LOG_LINE, type LogLine } from "../../../model/job/log.js";
import { encodeStepFailures } from "../../../model/failure/step-failure.js";
import { headOf } from "../../../model/text.js";
import { earliest } from "../../shared/listing-order.js";
import { bodyFor, decodeStored } from "../format/body.js";
import type { Argument, Link } from "../connection/connection.js";
import { Groups } from "../format/argument-groups.js";
import type { QueueOutages } from "../connection/queue-outages.js";
import type { FastPath } from "./fast-path.js";
import type { LatestEpochs } from "./latest-epochs.js";
import type { UnansweredCalls } from "./unanswered-calls.js";
import { list, number, text } from "../connection/reply.js";
import { ALIVE_WITH_MESSAGES, CAUSE_LETTERS, DECLINED, FENCED_LETTERS, OUTCOME_LETTERS } from "../connection/wire.js";

/** The answer of one queue to an exchange. */
interface QueueAnswer {
  readonly alive: boolean;
  readonly pending: boolean;
  readonly settled: string;
  readonly more: boolean;
  readonly paused: boolean;
  readonly nextDue: number | null;
  readonly leases: Lease[];
}

/** The index of the tasks among the arguments of an exchange. */
const TASKS_AT = 5;
/** The index of the latest epoch. It is written each time the call is sent: another lane may have been leased jobs meanwhile. */
const LATEST_AT = 7;

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
  let alive = true;
  let more = false;
  let nextDue: number | null = null;
  for (const [at, queue] of names.entries()) {
    const mine = settle.filter((settlement) => settlement.queue === queue);
    const left = claimed.includes(queue) ? (claim?.max ?? 0) - leases.length : -1;
    if (left <= 0 && mine.length === 0) continue;
    const outage = outages.of(queue);
    if (outage !== null) {
      unavailable.push(outage);
      continue;
    }
    const suspect = (claim?.suspect ?? false) && !leases.some((lease) => lease.suspect);
    const asked = unanswered.of(session, lane, queue) ?? call;
    const args: Argument[] = [session, lane, asked, left, suspect ? 1 : 0, "", claim?.ttl ?? "", 0];
    const groups = new Groups(args);
    for (const settlement of mine) groups.add(encodeEnding(settlement), settlement.id, payloadOf(settlement.outcome));
    const usual = fastPath.isWorthTrying(queue) && mine.every(({ outcome }) => outcome.kind === "complete");
    // While any job is set aside, the fast path refuses; only the full script looks for tasks, except when it takes no job.
    if (!usual || left === 0) args[TASKS_AT] = tasks;
    const current = (): Argument[] => {
      args[LATEST_AT] = epochs.of(session, queue);
      return args;
    };
    let reply: unknown;
    try {
      reply = await link.run(usual ? "exchange-usual" : "exchange", queue, current, "buffers");
      if (list(reply)[0] === DECLINED) {
        fastPath.wasRefused(queue);
        args[TASKS_AT] = tasks;
        reply = await link.run("exchange", queue, current, "buffers");
      }
    } catch (error) {
      unavailable.push(outages.leaveOut(queue, error));
      unanswered.add(session, lane, queue, asked);
      await outages.examine(names.slice(at + 1));
      continue;
    }
    outages.answered(queue);
    unanswered.clear(session, lane, queue);
    const answer = decodeExchange(queue, reply);
    alive &&= answer.alive;
    if (answer.pending) pending.push(queue);
    let next = 0;
    for (const [index, settlement] of settle.entries()) {
      if (settlement.queue !== queue) continue;
      if (answer.settled.charAt(next) === FENCED_LETTERS.applied) settled[index] = "applied";
      next += 1;
    }
    const [first] = answer.leases;
    if (first !== undefined) epochs.note(session, queue, first.epoch);
    leases.push(...answer.leases);
    more ||= answer.more;
    if (answer.paused) paused.push(queue);
    nextDue = earliest(nextDue, answer.nextDue);
  }
  const whole = { alive, settled, leases, more, nextDue, ...(paused.length > 0 && { paused }) };
  if (unavailable.length === 0) return { answer: whole, pending };
  const gone = new Set(unavailable.map(({ queue }) => queue));
  for (const [index, { queue }] of settle.entries()) if (gone.has(queue)) settled[index] = "unanswered";
  return { answer: { ...whole, unavailable }, pending };
}

/** The ending of a run, as the script reads it: its epoch, a letter, and how long to wait (milliseconds; -1: for ever). */
function encodeEnding({ epoch, outcome }: Settlement): string {
  const ending = `${epoch}${OUTCOME_LETTERS[outcome.kind]}`;
  if (outcome.kind === "fail") return `${ending}${outcome.retryIn ?? -1}`;
  return outcome.kind === "snooze" ? `${ending}${outcome.delay}` : ending;
}

function payloadOf(outcome: Outcome): string {
  if (outcome.kind === "fail") return `${outcome.error.fingerprint}\n${encodeFailure(outcome.error)}`;
  if (outcome.kind === "partial") {
    const failures = encodeStepFailures(outcome.failures ?? []) ?? "";
    return `${Buffer.byteLength(failures)}\n${failures}${outcome.result ?? ""}`;
  }
  return "result" in outcome ? (outcome.result ?? "") : "";
}

function decodeExchange(queue: string, reply: unknown): QueueAnswer {
  const [alive, settled, more, nextDue, now, epoch, specials, ids, lengths, stored] = list(reply);
  const due = number(nextDue);
  const fence = { queue, epoch: number(epoch), leasedAt: number(now) };
  return {
    alive: alive !== 0,
    pending: alive === ALIVE_WITH_MESSAGES,
    settled: text(settled),
    more: more === 1,
    paused: more === -1,
    nextDue: due < 0 ? null : due,
    leases: decodeLeases(fence, text(ids), text(lengths), stored, parseSpecials(text(specials))),
  };
}

type Fence = Pick<Lease, "queue" | "epoch" | "leasedAt">;

/** The leases of one reply: their ids, and their stored jobs one after the other, with their lengths in bytes. */
function decodeLeases(
  fence: Fence,
  ids: string,
  lengths: string,
  stored: unknown,
  specials: ReadonlyMap<number, Special> | null,
): Lease[] {
  if (ids === "") return [];
  if (!Buffer.isBuffer(stored)) throw new TypeError(`Redis answered ${typeof stored} where jobs were due`);
  const sizes = lengths.split(" ");
  let from = 0;
  return ids.split(" ").map((id, index) => {
    const to = from + Number(sizes[index]);
    const lease = decodeLease(fence, id, stored, from, to);
    from = to;
    const special = specials?.get(index);
    return special === undefined ? lease : { ...lease, ...special };
  });
}

const NO_TAGS: readonly string[] = [];

/** The lease of a stored job, as if nothing about it was out of the ordinary. */
function decodeLease({ queue, epoch, leasedAt }: Fence, id: string, stored: Buffer, from: number, to: number): Lease {
  let body: JobBody | null = null;
  let problem: string | null = null;
  let attempts = 0;
  let createdAt = 0;
  try {
    const job = decodeStored(stored, from, to);
    ({ attempts, createdAt } = job);
    body = bodyFor(job.body);
  } catch (error) {
    problem = `job ${id}: its stored body cannot be decoded (${String(error)})`;
  }
  return {
    queue,
    id,
    epoch,
    attempt: 1,
    attempts,
    crashes: 0,
    suspect: false,
    declinedAt: null,
    body,
    problem,
    checkpoints: false,
    tags: NO_TAGS,
    meta: null,
    priority: 0,
    createdAt,
    runAt: createdAt,
    leasedAt,
  };
}

type Special = Omit<Lease, "queue" | "id" | "epoch" | "body" | "problem">;

/** The special parts of leases, by the lease's place in the reply. */
function parseSpecials(lines: string): Map<number, Special> | null {
  if (lines === "") return null;
  const specials = new Map<number, Special>();
  for (const line of lines.split("\n")) {
    const { at, counted, left, tags, meta, declinedAt, ...rest }: Omit<Special, keyof Encoded> & SpecialLine =
      JSON.parse(line);
    specials.set(at, {
      ...rest,
      attempt: counted + 1,
      checkpoints: left ?? false,
      tags: tags === undefined ? NO_TAGS : tags.split("\n"),
      meta: meta ?? null,
      declinedAt: declinedAt ?? null,
    });
  }
  return specials;
}

/** The parts of a lease that a line encodes differently. */
type Encoded = Pick<Lease, "attempt" | "checkpoints" | "tags" | "meta" | "declinedAt">;

interface SpecialLine {
  readonly at: number;
  readonly counted: number;
  readonly left?: true;
  readonly tags?: string;
  readonly meta?: string;
  readonly declinedAt?: number;
}

/** Renews a session in all its queues. */
export async function heartbeat(
  link: Link,
  outages: QueueOutages,
  { session, queues, ttl }: Parameters<Engine["heartbeat"]>[0],
): Promise<{ alive: boolean; revoked: Revocation[] }> {
  const beat = (queue: string): Promise<unknown> => link.run("session", queue, [session, "beat", ttl]);
  const answers = await outages.tell(queues, `beat ${session}`, beat);
  const revoked = answers.flatMap((answer, index) =>
    list(answer ?? [])
      .slice(1)
      .map((lease) => decodeRevocation(queues[index] ?? "", text(lease))),
  );
  return { alive: answers.every((answer) => answer === null || list(answer)[0] === 1), revoked };
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
