/**
 * Listing jobs on Redis, page by page. A page looks at a bounded number of jobs, queues and bytes, and may be short: its cursor
 * goes on. Queues that have no job in question are passed by what they count, many at a time.
 */
import { sizeOf, type LongField, type RecordWith } from "../../../model/job/query/fields.js";
import {
  CONDITIONS,
  isListed,
  matchesFilter,
  namedQueues,
  requiredTags,
  type JobFilter,
} from "../../../model/job/query/filter.js";
import { STATES, type JobState } from "../../../model/job/state.js";
import type { Params } from "../../contract/commands.js";
import { MOST_PAGE_BYTES, type JobPage, type ListOrder } from "../../contract/engine.js";
import {
  compareKeys,
  decodeCursor,
  encodeCursor,
  isReversed,
  listedStates,
  type OrderKey,
} from "../../shared/listing-order.js";
import { FILING } from "../connection/wire.js";
import type { Keys } from "../connection/keys.js";
import type { Link } from "../connection/connection.js";
import type { Found } from "../format/record.js";
import { list, number, text } from "../connection/reply.js";
import { encodeConditions, type Conditions } from "./conditions.js";
import type { Located, Reader } from "./read.js";

/** How many jobs are listed in one call. */
const LISTED_AT_ONCE = 500;
/**
 * How many jobs one page looks at before it answers with what it has, so that a rare match does not hold up the server. A
 * queue without any counts as ten.
 */
const MOST_LOOKED_AT = 5_000;
const LOOKS_PER_QUEUE = 10;
/** How many bytes of jobs one page has before it reads no more: what it reads at once may be as much again. */
const MOST_BYTES = MOST_PAGE_BYTES / 2;
/** How many queues are asked at once. */
const QUEUES_AT_ONCE = 100;
/** An index up to this many entries is read whole; beyond, the queue is scanned. */
const SMALL_INDEX = 2_000;
/** Before all keys. */
const FIRST: OrderKey = [-Number.MAX_VALUE, ""];
/** After all keys. */
const LAST: OrderKey = [Number.MAX_VALUE, "\u007f"];

/** Some jobs of a state, and the last place looked at: `null` at the end. */
interface Piece {
  readonly jobs: readonly Found[];
  readonly looked: number;
  readonly last: OrderKey | null;
}

export class Lister {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #reader: Reader;

  constructor(link: Link, keys: Keys, reader: Reader) {
    this.#link = link;
    this.#keys = keys;
    this.#reader = reader;
  }

  async page({ filter, cursor, limit, fields, order }: Params<"listJobs">): Promise<JobPage> {
    const after = cursor === null ? null : decodeCursor(cursor);
    const all = (namedQueues(filter) ?? (await this.#reader.names())).filter((name) => isListed(name, filter));
    const names = after === null ? all : all.filter((name) => name >= after.queue);
    const states = listedStates(filter);
    const page = new Page(filter, limit);
    for (let from = 0; from < names.length && states.length > 0; from += QUEUES_AT_ONCE) {
      const some = names.slice(from, from + QUEUES_AT_ONCE);
      const present = await this.#statesOf(some, filter);
      for (const [index, queue] of some.entries()) {
        const resume = after !== null && after.queue === queue ? after : null;
        const { states: those = [], tag = null } = present[index] ?? {};
        const there = those.filter((state) => resume === null || follows(state, resume.state));
        const indexed = there.length === 0 ? null : await this.#fromIndex(queue, filter, tag);
        const wanted = { indexed, filter, fields, order, conditions: encodeConditions(filter, queue) };
        for (const state of there) {
          let place = resume !== null && resume.state === state ? resume.key : null;
          do {
            if (page.isFull) return page.until({ queue, state, key: place ?? startOf(state, order) });
            const piece = await this.#piece(queue, state, place, page.room, wanted);
            const end = page.take(piece);
            if (end !== null) return page.until({ queue, state, key: end });
            place = piece.last;
          } while (place !== null);
        }
        page.looked += LOOKS_PER_QUEUE;
        const next = names[from + index + 1];
        const [first = STATES[0]] = states;
        if (page.isFull && next !== undefined) {
          return page.until({ queue: next, state: first, key: startOf(first, order) });
        }
      }
    }
    return page.until(null);
  }

  /** The states in which queues have jobs, of those listed, by what they count; of several tags, by the rarest. */
  async #statesOf(queues: readonly string[], filter: JobFilter): Promise<Present[]> {
    const states = listedStates(filter);
    const tags = requiredTags(filter);
    return Promise.all(
      queues.map(async (queue) => {
        const rows = await Promise.all(tags.map((tag) => this.#tagCounts(queue, tag)));
        const [rarest] = rows.toSorted((a, b) => a.total - b.total);
        const counts =
          rarest?.counts ??
          list(await this.#link.run("counts", queue, []))
            .slice(1)
            .map(number);
        const there = states.filter((state) => (counts[STATES.indexOf(state)] ?? 0) > 0);
        return { states: there, tag: rarest !== undefined && rarest.total <= SMALL_INDEX ? rarest.tag : null };
      }),
    );
  }

  async #tagCounts(queue: string, tag: string): Promise<{ tag: string; counts: readonly number[]; total: number }> {
    const fields = STATES.map((_none, index) => `${tag}\0${index + 1}`);
    const row = await this.#link.send(() => this.#link.client.hmget(this.#keys.of(queue, "tagcount"), ...fields));
    const counts = row.map(number);
    return { tag, counts, total: counts.reduce((sum, count) => sum + count, 0) };
  }

  /** One piece of a state's listing: the jobs (still) there, at most about `room`. */
  async #piece(queue: string, state: JobState, after: OrderKey | null, room: number, wanted: Wanted): Promise<Piece> {
    const { indexed, filter, fields, order, conditions } = wanted;
    const places =
      indexed === null
        ? await this.#list(queue, state, after, conditions.text === "" ? Math.max(room, 50) : LISTED_AT_ONCE, wanted)
        : placesIn(indexed, state, after, { limit: LISTED_AT_ONCE, isBack: isReversed(state, order) });
    // Long fields are read only of jobs that match, and no more than there is room for.
    const isSlim = fields !== undefined && fields.length === 0;
    const isExact = indexed === null ? conditions.isComplete : isOneCondition(filter);
    const most = isExact ? room : Math.max(room, 50);
    const keys = places.keys.slice(0, most);
    const found = await this.#found(queue, state, keys, isExact ? fields : []);
    const isRead = keys.length === places.keys.length && found.read === keys.length;
    const last = isRead ? places.last : (keys[found.read - 1] ?? after);
    const { looked } = places;
    if (isSlim || isExact) return { jobs: found.jobs, looked, last };
    const matching = found.jobs.filter(({ record }) => matchesFilter(record, filter)).map(({ key }) => key);
    const whole = await this.#found(queue, state, matching.slice(0, room), fields);
    const isCut = whole.read < matching.length;
    return { jobs: whole.jobs, looked, last: isCut ? (matching[whole.read - 1] ?? after) : last };
  }

  /** Those that are still in the state, of the first of these places: as many as are read in one call. */
  async #found(
    queue: string,
    state: JobState,
    keys: readonly OrderKey[],
    fields: Fields,
  ): Promise<{ readonly jobs: readonly Found[]; readonly read: number }> {
    const ids = keys.map(([, id]) => id);
    const found = await this.#reader.readSome(queue, ids, fields);
    const jobs = found.flatMap((job, index) => {
      const key = keys[index];
      return job !== null && key !== undefined && job.record.state === state ? [{ record: job.record, key }] : [];
    });
    return { jobs, read: found.length };
  }

  async #list(queue: string, state: JobState, after: OrderKey | null, limit: number, wanted: Wanted): Promise<Places> {
    const { order, conditions } = wanted;
    const [from = "", fromId = ""] = after ?? [];
    const isBack = isReversed(state, order) ? 1 : 0;
    const args = [STATES.indexOf(state) + 1, Math.min(limit, LISTED_AT_ONCE), from, fromId, isBack, conditions.text];
    const [key = "", id = "", looked = "0", ...values] = list(await this.#link.run("list", queue, args)).map(text);
    const keys: OrderKey[] = [];
    for (let at = 0; at < values.length; at += 2) keys.push([Number(values[at]), values[at + 1] ?? ""]);
    return { keys, looked: Number(looked), last: key === "" ? null : [Number(key), id] };
  }

  /** The places of all jobs an index names, in order, when the filter has one and it is small. */
  async #fromIndex(queue: string, { fingerprint }: JobFilter, tag: string | null): Promise<Located[] | null> {
    if (tag === null && fingerprint === undefined) return null;
    const { NOT_FILED, BEHIND_FILED } = FILING;
    const ids =
      tag === null
        ? await this.#lex(queue, "failures", [`${fingerprint}${NOT_FILED}`, `${fingerprint}${BEHIND_FILED}`])
        : // Ids are ASCII, so U+007F sorts after all of them.
          await this.#lex(queue, "tagged", [`${tag}\0`, `${tag}\0\u007f`]);
    return ids === null ? null : (await this.#reader.locate(queue, ids)).toSorted((a, b) => compareKeys(a.key, b.key));
  }

  /** The ids in an index of members from one text on, as long as which stands before each id, up to another. */
  async #lex(queue: string, index: string, [first, end]: readonly [string, string]): Promise<string[] | null> {
    const key = this.#keys.of(queue, index);
    const [from, to] = [`[${first}`, `(${end}`];
    if ((await this.#link.send(() => this.#link.client.zlexcount(key, from, to))) > SMALL_INDEX) return null;
    const members = await this.#link.send(() => this.#link.client.zrangebylex(key, from, to, "LIMIT", 0, SMALL_INDEX));
    return members.map((member) => member.slice(first.length));
  }
}

/** The long fields that are read. */
type Fields = readonly LongField[] | undefined;

/** What is looked for, and the places that an index has of it. */
interface Wanted {
  readonly indexed: readonly Located[] | null;
  readonly filter: JobFilter;
  readonly fields: Fields;
  readonly order: ListOrder | undefined;
  readonly conditions: Conditions;
}

/** In which states a queue has jobs that may match, and a tag of theirs that few have. */
interface Present {
  readonly states: readonly JobState[];
  readonly tag: string | null;
}

interface Places {
  readonly keys: readonly OrderKey[];
  readonly looked: number;
  readonly last: OrderKey | null;
}

/** Has the filter one condition only, beside queues and states: that of the index? */
function isOneCondition({ not, ...filter }: JobFilter): boolean {
  const given = CONDITIONS.filter(
    (name) => filter[name] !== undefined && !["queue", "queues", "states"].includes(name),
  );
  return not === undefined && given.length === 1 && (filter.tags?.length ?? 1) === 1;
}

/** Before the first job of a state. */
function startOf(state: JobState, order: ListOrder | undefined): OrderKey {
  return isReversed(state, order) ? LAST : FIRST;
}

/** Does a state come at another, or behind it, in listings? */
function follows(state: JobState, other: JobState): boolean {
  return STATES.indexOf(state) >= STATES.indexOf(other);
}

function placesIn(
  indexed: readonly Located[],
  state: JobState,
  after: OrderKey | null,
  { limit, isBack }: { readonly limit: number; readonly isBack: boolean },
): Places {
  const inState = indexed.filter((one) => one.state === state);
  const ordered = isBack ? inState.toReversed() : inState;
  const all = ordered.filter(({ key }) => {
    if (after === null) return true;
    return isBack ? compareKeys(key, after) < 0 : compareKeys(key, after) > 0;
  });
  const keys = all.slice(0, limit).map(({ key }) => key);
  return { keys, looked: keys.length, last: all.length > limit ? (keys.at(-1) ?? null) : null };
}

/** A page while it fills. */
class Page {
  readonly #filter: JobFilter;
  readonly #limit: number;
  readonly #jobs: RecordWith<LongField>[] = [];
  #bytes = 0;
  #examined = 0;
  looked = 0;

  constructor(filter: JobFilter, limit: number) {
    this.#filter = filter;
    this.#limit = limit;
  }

  /** How many more jobs it takes. */
  get room(): number {
    return this.#limit - this.#jobs.length;
  }

  /** Is it to end before anything more is looked at? */
  get isFull(): boolean {
    return this.looked >= MOST_LOOKED_AT || this.#bytes >= MOST_BYTES;
  }

  /** Takes the jobs that match. Answers the place of the last one when there is room for no other. */
  take({ jobs, looked }: Piece): OrderKey | null {
    this.looked += looked;
    this.#examined += looked;
    for (const { record, key } of jobs) {
      this.#bytes += sizeOf(record);
      if (!matchesFilter(record, this.#filter)) continue;
      this.#jobs.push(record);
      if (this.room === 0) return key;
    }
    return null;
  }

  /** The page, which goes on after a place. */
  until(place: Parameters<typeof encodeCursor>[0] | null): JobPage {
    const cursor = place === null ? null : encodeCursor(place);
    return { jobs: this.#jobs, cursor, looked: this.#examined };
  }
}
