/** Reading from Redis: records, totals, workers. */
import { decodeCheckpoint, MOST_CHECKPOINTS, type Checkpoint } from "../../../model/job/report/checkpoint.js";
import { Undecodable } from "../../../model/errors/errors.js";
import { LONG_FIELDS, type LongField, type RecordWith } from "../../../model/job/query/fields.js";
import type { JobRef } from "../../../model/job/job.js";
import { mayBelongTo } from "../../../model/value/id.js";
import { MOST_LOG_LINES, type JobLog, type LogLine } from "../../../model/job/report/log.js";
import { isState, perState, STATES, type JobState } from "../../../model/job/state.js";
import { MOST_ASIDE, MOST_COUNTED_ASIDE } from "../../contract/engine.js";
import type { AsideRecord, QueueRecord, StateCounts, WorkerRecord } from "../../contract/engine.js";
import type { OrderKey } from "../../shared/listing-order.js";
import { decodeWorkerInfo } from "../../shared/workers/worker-info.js";
import { decodeCommand, decodeStatus } from "../../shared/workers/worker-status.js";
import { workerRecords, type LifeInQueue } from "../../shared/workers/worker-records.js";
import type { Keys } from "../connection/keys.js";
import type { Link } from "../connection/connection.js";
import { decodeRecord, type Found } from "../format/record.js";
import { BuildCache } from "./builds.js";
import { list, number, text } from "../connection/reply.js";
import { FIELD_BITS, RECORD_WIDTH } from "../connection/wire.js";
import { isReserved } from "../../../model/value/name.js";

/** How many jobs are read in one call. */
const READ_AT_ONCE = 500;
/** How many queues are asked at once. */
const QUEUES_AT_ONCE = 100;

/** The long fields that a read asks for; without a list all. */
type Fields = readonly LongField[] | undefined;
/** A job with those it was asked for. */
type Answered = RecordWith<LongField>;

/** A job, its state and its place in the listing of that. */
export interface Located {
  readonly id: string;
  readonly state: JobState;
  readonly key: OrderKey;
}

/** What is stored of a session beside its life. */
interface StoredWorker {
  readonly info: string;
  readonly status: string | undefined;
  readonly command: string | undefined;
}

export class Reader {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly builds: BuildCache;
  #names: readonly string[] = [];

  constructor(link: Link, keys: Keys) {
    this.#link = link;
    this.#keys = keys;
    this.builds = new BuildCache(link, keys);
  }

  /** The names of all queues, sorted. */
  async names(): Promise<readonly string[]> {
    const names = await this.#link.send(() => this.#link.client.smembers(this.#keys.registry));
    this.#names = names.toSorted();
    return this.#names;
  }

  /** The names of the queues of applications: those of the platform stand apart. */
  async ownNames(): Promise<readonly string[]> {
    return (await this.names()).filter((name) => !isReserved(name));
  }

  /** The jobs of one queue, in the order of `ids`. */
  async read(queue: string, ids: readonly string[], fields: Fields): Promise<(Found | null)[]> {
    const found: (Found | null)[] = [];
    while (found.length < ids.length) found.push(...(await this.readSome(queue, ids.slice(found.length), fields)));
    return found;
  }

  /** The first of these jobs, in one call: as many as make a reply of some megabytes, and one at least. */
  async readSome(queue: string, ids: readonly string[], fields: Fields): Promise<(Found | null)[]> {
    if (ids.length === 0) return [];
    const asked = (fields ?? LONG_FIELDS).reduce((bits, field) => bits | FIELD_BITS[field], 0);
    const values = list(await this.#link.run("read", queue, [asked, ...ids.slice(0, READ_AT_ONCE)]));
    const jobs = Array.from({ length: values.length / RECORD_WIDTH }, (_none, index) => {
      return values.slice(index * RECORD_WIDTH, (index + 1) * RECORD_WIDTH);
    });
    const builds = await this.builds.of(queue, jobs);
    return jobs.map((job, index) => decodeRecord({ queue, id: ids[index] ?? "" }, job, builds, fields));
  }

  async getJobs(refs: readonly JobRef[], fields: Fields): Promise<(Answered | null)[]> {
    const queues = [...new Set(refs.map((ref) => ref.queue))];
    const found = new Map<string, Answered>();
    await Promise.all(
      queues.map(async (queue) => {
        const ids = refs.filter((ref) => ref.queue === queue).map((ref) => ref.id);
        for (const job of await this.read(queue, ids, fields))
          if (job !== null) found.set(`${queue}/${job.record.id}`, job.record);
      }),
    );
    return refs.map((ref) => found.get(`${ref.queue}/${ref.id}`) ?? null);
  }

  /**
   * Jobs by bare id: all queues that are likely to hold them are asked at once, while the list of queues is read again. Ids
   * not found there are looked for in the other queues: an id chosen by an application may look like a generated one.
   */
  async findJobs(ids: readonly string[], fields: Fields): Promise<(Answered | null)[]> {
    const asked = this.#names;
    const [found, names] = await Promise.all([this.#findIn(asked, ids, mayBelongTo, fields), this.names()]);
    const missing = ids.filter((id) => !found.has(id));
    const wasAsked = (id: string, queue: string): boolean => asked.includes(queue) && mayBelongTo(id, queue);
    const late = new Map<string, Answered>();
    // These are probably nowhere: most queues only say that they have none of them.
    for (let from = 0; from < names.length && missing.length > late.size; from += QUEUES_AT_ONCE) {
      const places = await Promise.all(
        names.slice(from, from + QUEUES_AT_ONCE).map(async (queue) => {
          const ids = missing.filter((id) => !wasAsked(id, queue));
          return { queue, ids: (await this.locate(queue, ids)).map(({ id }) => id) };
        }),
      );
      const there = places.filter(({ ids: some }) => some.length > 0);
      const answers = await Promise.all(there.map(({ queue, ids: some }) => this.read(queue, some, fields)));
      for (const job of answers.flat())
        if (job !== null && !late.has(job.record.id)) late.set(job.record.id, job.record);
    }
    return ids.map((id) => found.get(id) ?? late.get(id) ?? null);
  }

  /** Where jobs of a queue stand in listings; those that do not exist are left out. */
  async locate(queue: string, ids: readonly string[]): Promise<Located[]> {
    const found: Located[] = [];
    for (let from = 0; from < ids.length;) {
      const part = ids.slice(from, from + READ_AT_ONCE);
      const values = list(await this.#link.run("locate", queue, part));
      for (let at = 0; at < values.length; at += 2) {
        const [state, id] = [values[at], part[at / 2] ?? ""];
        if (isState(state)) found.push({ id, state, key: [Number(values[at + 1]), id] });
      }
      from += values.length / 2;
    }
    return found;
  }

  async #findIn(
    queues: readonly string[],
    ids: readonly string[],
    isCandidate: (id: string, queue: string) => boolean,
    fields: Fields,
  ): Promise<Map<string, Answered>> {
    const answers = await Promise.all(
      queues.map(async (queue) => {
        const candidates = ids.filter((id) => isCandidate(id, queue));
        return candidates.length === 0 ? [] : await this.read(queue, candidates, fields);
      }),
    );
    const found = new Map<string, Answered>();
    for (const job of answers.flat()) {
      if (job !== null && !found.has(job.record.id)) found.set(job.record.id, job.record);
    }
    return found;
  }

  async tagTotals(tag: string, queue: string | undefined): Promise<StateCounts> {
    const names = queue === undefined ? await this.ownNames() : [queue];
    const fields = STATES.map((_, index) => `${tag}\0${index + 1}`);
    const rows = await Promise.all(
      names.map((name) => this.#link.send(() => this.#link.client.hmget(this.#keys.of(name, "tagcount"), ...fields))),
    );
    return perState((state) => rows.reduce((sum, row) => sum + number(row[STATES.indexOf(state)]), 0));
  }

  async queues(names: readonly string[] | undefined): Promise<QueueRecord[]> {
    if (names === undefined) return Promise.all((await this.names()).map((name) => this.#queue(name)));
    const wanted = [...new Set(names)].toSorted();
    if (wanted.length === 0) return [];
    const [listed, records] = await Promise.all([
      this.#link.send(() => this.#link.client.smismember(this.#keys.registry, ...wanted)),
      Promise.all(wanted.map((name) => this.#queue(name))),
    ]);
    return records.filter(({ counts }, index) => listed[index] === 1 || Object.values(counts).some((n) => n > 0));
  }

  async #queue(name: string): Promise<QueueRecord> {
    const values = list(await this.#link.run("counts", name, []));
    const counts = perState((state) => number(values[STATES.indexOf(state) + 1]));
    const since = number(values[0]);
    return { name, paused: since !== 0, pausedAt: since === 0 ? null : since, counts };
  }

  async aside(queues: readonly string[]): Promise<AsideRecord[]> {
    const found = await Promise.all([...new Set(queues)].toSorted().map((queue) => this.#asideIn(queue)));
    return found.flat();
  }

  async #asideIn(queue: string): Promise<AsideRecord[]> {
    const values = list(await this.#link.run("aside", queue, [MOST_ASIDE]));
    const byTask = new Map<string, AsideRecord & { readonly place: string }>();
    for (let at = 0; at < values.length; at += 4) {
      const [task, jobs, since, place] = [
        text(values[at]),
        number(values[at + 1]),
        number(values[at + 2]),
        text(values[at + 3]),
      ];
      const known = byTask.get(task);
      const first = known !== undefined && known.place < place ? known : { since, place };
      byTask.set(task, { queue, task, jobs: jobs + (known?.jobs ?? 0), since: first.since, place: first.place });
    }
    return [...byTask.values()]
      .toSorted((a, b) => (a.task < b.task ? -1 : 1))
      .slice(0, MOST_ASIDE)
      .map(({ task, jobs, since }) => ({ queue, task, jobs: Math.min(jobs, MOST_COUNTED_ASIDE), since }));
  }

  async workers(): Promise<WorkerRecord[]> {
    const names = await this.names();
    const infos = new Map<string, StoredWorker>();
    let latest = 0;
    const lives = await Promise.all(
      names.map(async (name) => {
        const found = await this.#livesIn(name, infos);
        latest = Math.max(latest, found.now);
        return found.lives;
      }),
    );
    return workerRecords(lives.flat(), latest, (session) => {
      const { info = "", status, command } = infos.get(session) ?? {};
      return {
        ...decodeWorkerInfo(session, info),
        status: decodeStatus(status),
        command: decodeCommand(command),
      };
    });
  }

  /** The sessions of a queue, and the server's time; what their workers say of themselves goes into `infos`. */
  async #livesIn(queue: string, infos: Map<string, StoredWorker>): Promise<{ lives: LifeInQueue[]; now: number }> {
    // By session, as one may be on two pages.
    const lives = new Map<string, LifeInQueue>();
    let now = 0;
    let cursor = "0";
    do {
      const values = list(await this.#link.run("workers", queue, [cursor]));
      cursor = text(values[0]);
      now = number(values[1]);
      for (let at = 2; at < values.length; at += 7) {
        const session = text(values[at]);
        const [seenAt, running, deadline] = [number(values[at + 2]), number(values[at + 3]), number(values[at + 4])];
        // Only the first queue of a session has its status and the command to it.
        const [status, command] = [text(values[at + 5]), text(values[at + 6])];
        const before = infos.get(session);
        infos.set(session, {
          info: text(values[at + 1]),
          status: status === "" ? before?.status : status,
          command: command === "" ? before?.command : command,
        });
        lives.set(session, { session, running, seenAt, left: deadline - now, ttl: deadline - seenAt });
      }
    } while (cursor !== "0");
    return { lives: [...lives.values()], now };
  }

  async logs({ queue, id }: JobRef): Promise<JobLog> {
    const [logged, ...chunks] = list(await this.#link.run("logs", queue, [id])).map(text);
    const kept = chunks.flatMap((chunk) => (chunk === "" ? [] : chunk.split("\n"))).slice(-MOST_LOG_LINES);
    return { lines: kept.map((line): LogLine => JSON.parse(line)), dropped: Number(logged) - kept.length };
  }

  async checkpoints({ queue, id }: JobRef): Promise<Checkpoint[]> {
    const stored = number(await this.#link.send(() => this.#link.client.hget(this.#keys.of(queue, "checkpoints"), id)));
    const most = Math.min(stored, MOST_CHECKPOINTS);
    const found: Checkpoint[] = [];
    for (let from = 1; from <= most; from += READ_AT_ONCE) {
      const count = Math.min(READ_AT_ONCE, most - from + 1);
      const fields = Array.from({ length: count }, (_, index) => `${id}\0${from + index}`);
      const entries = await this.#link.send(() =>
        this.#link.client.hmget(this.#keys.of(queue, "checkpoint"), ...fields),
      );
      for (const [index, entry] of entries.entries()) {
        if (entry !== null) found.push(readCheckpoint(id, from + index, entry));
      }
    }
    return found;
  }

  async position({ queue, id }: JobRef): Promise<number | null> {
    const place = number(await this.#link.run("position", queue, [id]));
    return place === 0 ? null : place;
  }
}

/** @throws Undecodable */
function readCheckpoint(id: string, seq: number, entry: string): Checkpoint {
  try {
    return decodeCheckpoint(seq, entry);
  } catch (cause) {
    throw new Undecodable(id, `checkpoint ${seq}`, { cause });
  }
}
