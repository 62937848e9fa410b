/**
 * Upkeep on Redis: one script call a queue. A sweep carries the server time at which it was asked for: a frozen server may
 * run it late, ahead of the heartbeats behind it. A sweep that is more than 1 s late does nothing, so live workers are not
 * declared dead.
 */
import { EngineUnavailable } from "../../../model/errors/errors.js";
import { plainFailure } from "../../../model/failure/failure.js";
import { WORKER_LOST } from "../../../model/job/job.js";
import { encodeFiled } from "../format/failure.js";
import { MOST_HANDED_OUT } from "../../../model/schedule/ticks.js";
import type { AbandonedPage, Engine, OverdueSession, SweepAnswer } from "../../contract/engine.js";
import { earliest } from "../../shared/listing-order.js";
import type { Argument, Link } from "../connection/connection.js";
import type { Keys } from "../connection/keys.js";
import type { QueueOutages } from "../connection/queue-outages.js";
import { list, number, text } from "../connection/reply.js";
import type { RestingQueues } from "./rest.js";
import { decodeDue } from "./schedules.js";
import { TOO_LATE } from "../connection/wire.js";

/** The index of the first overdue session in the script's reply, three values each; the due schedules follow. */
const FIRST_OVERDUE = 10;
const PER_SESSION = 3;
/** The index of the time at which retention removes a job next. */
const NEXT_REMOVAL = 8;

// The script inserts the number of deaths; it is not part of the fingerprint.
const lost = plainFailure("WorkerLost", "the worker running it died 3 times", WORKER_LOST);
const [fingerprint = "", summary = "", failure = ""] = encodeFiled(lost)
  .replaceAll("died 3 times", "died %d times")
  .split("\n");
const LOST = { failure, filing: `${fingerprint}\n${summary}` };

/** The sessions of a queue to declare dead, as the script reads them. */
function deadIn(queue: string, dead: readonly OverdueSession[] | undefined): Argument[] {
  if (dead === undefined) return [-1];
  const here = dead.filter((one) => one.queue === queue);
  return [here.length, ...here.flatMap(({ session, deadline }) => [session, deadline])];
}

function overdueIn(queue: string, row: readonly unknown[]): OverdueSession[] {
  const now = number(row[6]);
  return Array.from({ length: number(row[FIRST_OVERDUE - 1] ?? 0) }, (_, index) => {
    const at = FIRST_OVERDUE + index * PER_SESSION;
    const deadline = number(row[at + 1]);
    return { queue, session: text(row[at]), deadline, ttl: number(row[at + 2]), overdue: now - deadline };
  });
}

function schedulesOf(row: readonly unknown[]): readonly unknown[] {
  return row.slice(FIRST_OVERDUE + PER_SESSION * number(row[FIRST_OVERDUE - 1] ?? 0));
}

function dueOf(value: unknown): number | null {
  const due = number(value ?? -1);
  return due < 0 ? null : due;
}

export class Upkeep {
  readonly #link: Link;
  readonly #outages: QueueOutages;
  readonly #rest: RestingQueues;
  readonly #url: string;
  readonly #now: () => Promise<number>;
  /** The last time the server gave, and when, on the monotonic clock. */
  #lastTime: { time: number; at: number } | null = null;

  /** @param now asks the engine for its time */
  constructor(link: Link, outages: QueueOutages, rest: RestingQueues, url: string, now: () => Promise<number>) {
    this.#link = link;
    this.#outages = outages;
    this.#rest = rest;
    this.#url = url;
    this.#now = now;
  }

  /**
   * Sweeps. `pending`: queues whose outbox has messages. @throws EngineUnavailable when the server ran a sweep too late
   */
  async sweep({
    queues: all,
    limit,
    dead,
    resting = false,
  }: Parameters<Engine["sweep"]>[0]): Promise<{ answer: SweepAnswer; pending: string[] }> {
    const now = await this.#serverTime();
    const quiet = dead === undefined ? [] : all.filter((queue) => !dead.some((one) => one.queue === queue));
    const seen = await this.#rest.look(resting ? quiet : [], now);
    const args = [limit, LOST.failure, LOST.filing, now, MOST_HANDED_OUT];
    const rest = all.filter((queue) => !seen.resting.has(queue));
    const answers = await this.#outages.ask(rest, async (queue) => {
      return { queue, row: list(await this.#link.run("sweep", queue, [...args, ...deadIn(queue, dead)])) };
    });
    const swept = answers.filter((answer) => answer !== null);
    const queues = swept.map(({ queue }) => queue);
    const rows = swept.map(({ row }) => row);
    const time = rows.at(-1)?.[6];
    if (time !== undefined) this.#lastTime = { time: number(time), at: performance.now() };
    if (rows.some((row) => row[0] === TOO_LATE)) {
      throw new EngineUnavailable(
        this.#url,
        "it was held up; workers get time to send a heartbeat before the next sweep",
      );
    }
    const sum = (column: number): number => rows.reduce((total, row) => total + number(row[column]), 0);
    const atRest = [...seen.resting.values()];
    const answer = {
      promoted: sum(0),
      recovered: sum(1),
      expired: sum(2),
      removed: sum(3),
      more: sum(4) > 0,
      schedules: queues.flatMap((queue, index) => decodeDue(queue, schedulesOf(rows[index] ?? []))),
      overdue: queues.flatMap((queue, index) => overdueIn(queue, rows[index] ?? [])),
      nextDue: earliest(...atRest.map(({ nextDue }) => nextDue), ...rows.map((row) => dueOf(row[5]))),
      nextRemoval: earliest(
        ...atRest.map(({ nextRemoval }) => nextRemoval),
        ...rows.map((row) => dueOf(row[NEXT_REMOVAL])),
      ),
      ...(seen.waiting ? { waiting: true } : {}),
      ...(seen.noneAside && queues.length === 0 ? { noneAside: true } : {}),
    };
    for (const [index, row] of rows.entries()) this.#note(queues[index] ?? "", row);
    return { answer, pending: queues.filter((_queue, index) => rows[index]?.[7] === 1) };
  }

  /** Notes whether the sweep of a queue found anything: sessions that are overdue count, and messages that wait. */
  #note(queue: string, row: readonly unknown[]): void {
    const found = [0, 1, 2, 3, 4, 7, FIRST_OVERDUE - 1].some((column) => number(row[column]) !== 0);
    if (found || schedulesOf(row).length > 0) this.#rest.works(queue);
    else this.#rest.rests(queue, number(row[6]), dueOf(row[5]), dueOf(row[NEXT_REMOVAL]));
  }

  // Estimated from the last answer, to save a command; a jump of the server's clock costs one sweep.
  async #serverTime(): Promise<number> {
    if (this.#link.hasOwnClock || this.#lastTime === null) return this.#now();
    return this.#lastTime.time + (performance.now() - this.#lastTime.at);
  }
}

/** Queues that have sessions, none of them alive at `now`: the latest deadline is over. */
export async function abandonedQueues(
  link: Link,
  keys: Keys,
  { cursor, limit, except = [] }: Parameters<Engine["abandoned"]>[0],
  now: () => Promise<number>,
): Promise<AbandonedPage> {
  const [next, found] = await link.send(() => link.client.sscan(keys.registry, cursor ?? "0", "COUNT", limit));
  const names = found.filter((name) => !except.includes(name));
  const latest = await Promise.all(
    names.map((name) => link.send(() => link.client.zrange(keys.of(name, "sessions"), "-1", "-1", "WITHSCORES"))),
  );
  const time = latest.some(([session]) => session !== undefined) ? await now() : 0;
  const queues = names.filter((_name, index) => {
    const deadline = latest[index]?.[1];
    return deadline !== undefined && Number(deadline) <= time;
  });
  return { queues, cursor: next === "0" ? null : next };
}
