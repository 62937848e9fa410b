/**
 * An exchange with one queue: a script call, in which outcomes are settled before work is leased. What is too much for one is
 * settled in calls before it, which lease nothing: long results, and jobs of which much is to be written.
 */
import { encodeStepFailures } from "../../../../model/failure/step-failure.js";
import type { Outcome, Settlement } from "../../../contract/engine.js";
import { encodeFiled } from "../../format/failure.js";
import type { Argument, Link } from "../../connection/connection.js";
import { list } from "../../connection/reply.js";
import { DECLINED, OUTCOME_LETTERS } from "../../connection/wire.js";
import { Groups } from "../../format/argument-groups.js";
import { encodeEach, encodeSums } from "../../format/measured.js";
import { decodeExchange, type QueueAnswer } from "./exchange-reply.js";
import type { FastPath } from "./fast-path.js";
import type { LatestEpochs } from "./latest-epochs.js";

/** What is asked of one queue. */
export interface QueueExchange {
  readonly session: string;
  readonly lane: number;
  readonly call: number;
  readonly queue: string;
  readonly settle: readonly Settlement[];
  readonly wish: Wish;
}

interface Wish {
  /** How many jobs; -1: none, nor whether there are any. */
  readonly max: number;
  readonly suspect: boolean;
  /** The tasks, with spaces between them, whose jobs may be leased of those set aside. */
  readonly tasks: string;
  readonly ttl: number | null;
  /** How many bytes of jobs other queues have given the same claim. */
  readonly bytes: number;
}

/** How many characters of results and errors one script settles, unless those of one job are longer. */
const MOST_PAYLOAD = 1024 * 1024;
const NOTHING: Wish = { max: -1, suspect: false, tasks: "", ttl: null, bytes: 0 };

/** The index of the tasks among the arguments of an exchange. */
const TASKS_AT = 5;
/** The index of the latest epoch. It is written each time the call is sent: another lane may have been leased jobs meanwhile. */
const LATEST_AT = 7;
/** The index of what is counted of the settlements. */
const MEASURED_AT = 9;

/** Settles and leases in one queue. */
export async function exchangeOne(
  link: Link,
  fastPath: FastPath,
  epochs: LatestEpochs,
  asked: QueueExchange,
): Promise<QueueAnswer> {
  let { settle } = asked;
  let most = settle.length;
  let settled = "";
  let alive = true;
  let pending = false;
  for (;;) {
    const part = headOf(settle, most);
    const last = part.length === settle.length;
    const answer = await call(link, fastPath, epochs, { ...asked, settle: part, ...(!last && { wish: NOTHING }) });
    if (answer.settled === "" && part.length > 0) throw new TypeError(`Redis settled none of ${part.length} runs`);
    settled += answer.settled;
    alive &&= answer.alive;
    pending ||= answer.pending;
    if (last && answer.settled.length === part.length) return { ...answer, settled, alive, pending };
    // The others are most likely as much work each.
    if (answer.settled.length < part.length) most = answer.settled.length;
    settle = settle.slice(answer.settled.length);
  }
}

/** As many of the first settlements, up to `most`, as one script takes. */
function headOf(settle: readonly Settlement[], most: number): readonly Settlement[] {
  let length = 0;
  const end = settle.findIndex(({ outcome }, index) => {
    length += lengthOf(outcome);
    return index >= most || (length > MOST_PAYLOAD && index > 0);
  });
  return end === -1 ? settle : settle.slice(0, end);
}

function lengthOf(outcome: Outcome): number {
  if ("result" in outcome) return outcome.result?.length ?? 0;
  return outcome.kind === "fail" ? outcome.error.message.length + (outcome.error.stack?.length ?? 0) : 0;
}

async function call(
  link: Link,
  fastPath: FastPath,
  epochs: LatestEpochs,
  { session, lane, call: number, queue, settle, wish }: QueueExchange,
): Promise<QueueAnswer> {
  const { max, suspect, tasks, ttl, bytes } = wish;
  const args: Argument[] = [session, lane, number, max, suspect ? 1 : 0, "", ttl ?? "", 0, bytes, ""];
  const groups = new Groups(args);
  for (const settlement of settle) groups.add(encodeEnding(settlement), settlement.id, payloadOf(settlement.outcome));
  const usual = fastPath.isWorthTrying(queue) && settle.every(({ outcome }) => outcome.kind === "complete");
  // While any job is set aside, the fast path refuses; only the full script looks for tasks, except when it takes no job.
  if (!usual || max === 0) args[TASKS_AT] = tasks;
  args[MEASURED_AT] = usual ? encodeSums(settle) : encodeEach(settle);
  const current = (): Argument[] => {
    args[LATEST_AT] = epochs.of(session, queue);
    return args;
  };
  let reply = await link.run(usual ? "exchange-usual" : "exchange", queue, current, "buffers");
  if (list(reply)[0] === DECLINED) {
    fastPath.wasRefused(queue);
    args[TASKS_AT] = tasks;
    args[MEASURED_AT] = encodeEach(settle);
    reply = await link.run("exchange", queue, current, "buffers");
  }
  const answer = decodeExchange(queue, reply);
  const [first] = answer.leases;
  if (first !== undefined) epochs.note(session, queue, first.epoch);
  return answer;
}

/** The ending of a run, as the script reads it: its epoch, a letter, and how long to wait (milliseconds; -1: for ever). */
function encodeEnding({ epoch, outcome }: Settlement): string {
  const ending = `${epoch}${OUTCOME_LETTERS[outcome.kind]}`;
  if (outcome.kind === "fail") return `${ending}${outcome.retryIn ?? -1}`;
  return outcome.kind === "snooze" ? `${ending}${outcome.delay}` : ending;
}

function payloadOf(outcome: Outcome): string {
  if (outcome.kind === "fail") return encodeFiled(outcome.error);
  if (outcome.kind === "partial") {
    const failures = encodeStepFailures(outcome.failures ?? []) ?? "";
    return `${Buffer.byteLength(failures)}\n${failures}${outcome.result ?? ""}`;
  }
  return "result" in outcome ? (outcome.result ?? "") : "";
}
