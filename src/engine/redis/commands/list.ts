/**
 * Listing jobs on Redis, page by page. A page looks at a bounded number of jobs, queues and bytes, and may be short: its cursor
 * goes on. Queues that have no job in question are passed by what they count, many at a time.
 */
import { sizeOf, type LongField, type RecordWith } from "../../../model/job/fields.js";
import { matchesFilter, type JobFilter } from "../../../model/job/filter.js";
import { STATES, type JobState } from "../../../model/job/state.js";
import { MOST_PAGE_BYTES, type JobPage } from "../../contract/engine.js";
import { compareKeys, decodeCursor, encodeCursor, listedStates, type OrderKey } from "../../shared/listing-order.js";
import type { Keys } from "../connection/keys.js";
import type { Link } from "../connection/connection.js";
import type { Found } from "../format/record.js";
import { list, number, text } from "../connection/reply.js";
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

  async page(filter: JobFilter, cursor: string | null, limit: number, fields: Fields): Promise<JobPage> {
    const after = cursor === null ? null : decodeCursor(cursor);
    const all = filter.queue === undefined ? await this.#reader.names() : [filter.queue];
    const names = after === null ? all : all.filter((name) => name >= after.queue);
    const page = new Page(filter, limit);
    for (let from = 0; from < names.length; from += QUEUES_AT_ONCE) {
      const some = names.slice(from, from + QUEUES_AT_ONCE);
      const present = some.length === 1 ? [listedStates(filter)] : await this.#statesOf(some, filter);
      for (const [index, queue] of some.entries()) {
        const resume = after !== null && after.queue === queue ? after : null;
        const states = (present[index] ?? []).filter((state) => resume === null || follows(state, resume.state));
        const indexed = states.length === 0 ? null : await this.#fromIndex(queue, filter);
        for (const state of states) {
          let place = resume !== null && resume.state === state ? resume.key : null;
          do {
            if (page.isFull) return page.until({ queue, state, key: place ?? FIRST });
            const most = Math.min(LISTED_AT_ONCE, Math.max(page.room, 50));
            const piece = await this.#piece(queue, state, place, most, { indexed, filter, fields });
            const end = page.take(piece);
            if (end !== null) return page.until({ queue, state, key: end });
            place = piece.last;
          } while (place !== null);
        }
        page.looked += LOOKS_PER_QUEUE;
        const next = names[from + index + 1];
        if (page.isFull && next !== undefined) {
          return page.until({ queue: next, state: listedStates(filter)[0] ?? STATES[0], key: FIRST });
        }
      }
    }
    return page.until(null);
  }

  /** The states in which queues have jobs, of those listed, by what they count. */
  async #statesOf(queues: readonly string[], filter: JobFilter): Promise<JobState[][]> {
    const states = listedStates(filter);
    const { tag } = filter;
    const counts = await Promise.all(
      queues.map(async (queue) => {
        if (tag === undefined) return list(await this.#link.run("counts", queue, [])).slice(1);
        const fields = STATES.map((_none, index) => `${tag}\0${index + 1}`);
        return this.#link.send(() => this.#link.client.hmget(this.#keys.of(queue, "tagcount"), ...fields));
      }),
    );
    return counts.map((row) => states.filter((state) => number(row[STATES.indexOf(state)]) > 0));
  }

  /** One piece of a state's listing: the jobs (still) there. */
  async #piece(
    queue: string,
    state: JobState,
    after: OrderKey | null,
    limit: number,
    { indexed, filter, fields }: Wanted,
  ): Promise<Piece> {
    const { keys, looked, last } =
      indexed === null
        ? await this.#likely(queue, await this.#list(queue, state, after, limit), filter)
        : placesIn(indexed, state, after, limit);
    const ids = keys.map(([, id]) => id);
    const found = await this.#reader.readSome(queue, ids, fields);
    const jobs = found.flatMap((job, index) => {
      const key = keys[index];
      return job !== null && key !== undefined && job.record.state === state ? [{ record: job.record, key }] : [];
    });
    return { jobs, looked, last: found.length < keys.length ? (keys[found.length - 1] ?? null) : last };
  }

  async #list(queue: string, state: JobState, after: OrderKey | null, limit: number): Promise<Places> {
    const args = [STATES.indexOf(state) + 1, limit, after === null ? "" : after[0], after === null ? "" : after[1]];
    const [key = "", id = "", looked = "0", ...values] = list(await this.#link.run("list", queue, args)).map(text);
    const keys: OrderKey[] = [];
    for (let at = 0; at < values.length; at += 2) keys.push([Number(values[at]), values[at + 1] ?? ""]);
    return { keys, looked: Number(looked), last: key === "" ? null : [Number(key), id] };
  }

  /** Leaves out places of jobs that do not match, as far as that is known without reading them: they may be long. */
  async #likely(queue: string, places: Places, { tag, fingerprint, idContains }: JobFilter): Promise<Places> {
    let { keys } = places;
    const keep = async (hash: string, matches: (value: string) => boolean): Promise<void> => {
      const [key, ids] = [this.#keys.of(queue, hash), keys.map(([, id]) => id)];
      const values = ids.length === 0 ? [] : await this.#link.send(() => this.#link.client.hmget(key, ...ids));
      keys = keys.filter((_none, index) => matches(values[index] ?? ""));
    };
    if (idContains !== undefined) keys = keys.filter(([, id]) => id.includes(idContains));
    if (tag !== undefined) await keep("tags", (value) => value.split("\n").includes(tag));
    if (fingerprint !== undefined) await keep("fingerprints", (value) => value === fingerprint);
    return { ...places, keys };
  }

  /** The places of all jobs an index names, when the filter has one and it is small. */
  async #fromIndex(queue: string, filter: JobFilter): Promise<Located[] | null> {
    const ids =
      filter.tag !== undefined
        ? await this.#lex(queue, "tagged", `${filter.tag}\0`)
        : filter.fingerprint !== undefined
          ? await this.#lex(queue, "failures", `${filter.fingerprint}|`)
          : null;
    if (ids === null) return null;
    return (await this.#reader.locate(queue, ids)).toSorted((a, b) => compareKeys(a.key, b.key));
  }

  async #lex(queue: string, index: string, prefix: string): Promise<string[] | null> {
    const key = this.#keys.of(queue, index);
    // Ids are ASCII, so U+007F sorts after all of them.
    const members = await this.#link.send(() =>
      this.#link.client.zrangebylex(key, `[${prefix}`, `(${prefix}\u007f`, "LIMIT", 0, SMALL_INDEX + 1),
    );
    return members.length > SMALL_INDEX ? null : members.map((member) => member.slice(prefix.length));
  }
}

/** The long fields that are read. */
type Fields = readonly LongField[] | undefined;

/** What is looked for, and the places that an index has of it. */
interface Wanted {
  readonly indexed: readonly Located[] | null;
  readonly filter: JobFilter;
  readonly fields: Fields;
}

interface Places {
  readonly keys: readonly OrderKey[];
  readonly looked: number;
  readonly last: OrderKey | null;
}

/** Does a state come at another, or behind it, in listings? */
function follows(state: JobState, other: JobState): boolean {
  return STATES.indexOf(state) >= STATES.indexOf(other);
}

function placesIn(indexed: readonly Located[], state: JobState, after: OrderKey | null, limit: number): Places {
  const all = indexed.filter((one) => one.state === state && (after === null || compareKeys(one.key, after) > 0));
  const keys = all.slice(0, limit).map(({ key }) => key);
  return { keys, looked: keys.length, last: all.length > limit ? (keys.at(-1) ?? null) : null };
}

/** A page while it fills. */
class Page {
  readonly #filter: JobFilter;
  readonly #limit: number;
  readonly #jobs: RecordWith<LongField>[] = [];
  #bytes = 0;
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
    return { jobs: this.#jobs, cursor: place === null ? null : encodeCursor(place) };
  }
}
