/** The reply of a queue to an exchange: what was settled, and the leases with their jobs. */
import type { JobBody } from "../../../../model/job/job.js";
import type { Lease } from "../../../contract/engine.js";
import { list, number, text } from "../../connection/reply.js";
import { ALIVE_WITH_MESSAGES } from "../../connection/wire.js";
import { bodyFor, decodeStored } from "../../format/body.js";

/** The answer of one queue to an exchange. */
export interface QueueAnswer {
  readonly alive: boolean;
  /** Do messages wait in its outbox? */
  readonly pending: boolean;
  /** A letter for each settlement; fewer than settlements: the rest is to be sent again. */
  readonly settled: string;
  readonly more: boolean;
  readonly paused: boolean;
  readonly nextDue: number | null;
  readonly leases: Lease[];
  /** How long the stored jobs of the leases are. */
  readonly bytes: number;
}

/** Decodes it. */
export function decodeExchange(queue: string, reply: unknown): QueueAnswer {
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
    bytes: Buffer.isBuffer(stored) ? stored.length : 0,
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
