/**
 * An engine under the load of a row: what is in the way is stored by the engine's own commands, as many jobs a command as it
 * takes. The engine is the package's own part below `connect`: the sessions of dead workers cannot be had of the living.
 */
import type { Engine } from "longshore";
import { NotVerified } from "../../scenario.js";
import type { Gauge } from "./gauge.js";

export type Spec = Parameters<Engine["enqueue"]>[0]["jobs"][number];
export type Lease = Awaited<ReturnType<Engine["exchange"]>>["leases"][number];
export type Outcome = Parameters<Engine["exchange"]>[0]["settle"][number]["outcome"];
export type Filter = Parameters<Engine["listJobs"]>[0]["filter"];
type Command = "cancel" | "remove" | "retry";

export const DAY = 86_400_000;
export const YEAR = { age: 365 * DAY, count: null };
export const DONE: Outcome = { kind: "complete", result: null };
export const FAIL: Outcome = {
  kind: "fail",
  error: { name: "Error", message: "boom", code: "E_BOOM", stack: null, cause: null, fingerprint: "b00a" },
  retryIn: null,
};
/** How many jobs a command takes. */
const AT_ONCE = 500;

export class Load {
  readonly engine: Engine;
  readonly queue: string;
  /** How many entries are in the way. */
  readonly size: number;
  readonly #gauge: Gauge;
  readonly #longest = new Map<string, number>();
  #drawn = 0;

  constructor(engine: Engine, queue: string, size: number, gauge: Gauge) {
    this.engine = engine;
    this.queue = queue;
    this.size = size;
    this.#gauge = gauge;
  }

  /** The longest piece of each measure so far, in milliseconds. */
  get measured(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#longest);
  }

  /** Does a call, and counts it for a measure. */
  async measure<T>(name: string, call: () => T | Promise<T>): Promise<T> {
    const { answer, longest } = await this.#gauge.of(call);
    this.#longest.set(name, Math.max(this.#longest.get(name) ?? 0, longest));
    return answer;
  }

  /** @throws NotVerified when a command did not do what it is to do */
  expect(what: string, found: unknown, wanted: unknown): void {
    const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
    if (a !== b) throw new NotVerified(`${what}: ${a} instead of ${b}`);
  }

  fresh(prefix: string): string {
    this.#drawn += 1;
    return `${prefix}${this.#drawn}`;
  }

  spec(change: Partial<Spec> = {}): Spec {
    return {
      queue: this.queue,
      id: `${this.queue}-${this.fresh("j")}`,
      task: "work",
      input: "{}",
      backoff: { type: "list", delays: [1_000] },
      timeout: 60_000,
      due: { in: 0 },
      priority: 0,
      attempts: 3,
      ttl: null,
      tags: [],
      meta: null,
      hold: false,
      unique: null,
      supersedes: null,
      after: [],
      references: [],
      flow: null,
      role: "job",
      retention: { completed: { age: DAY, count: null }, failed: { age: 7 * DAY, count: null } },
      nonce: null,
      ...change,
    };
  }

  async add(count: number, change: (n: number) => Partial<Spec> = () => ({})): Promise<string[]> {
    const ids: string[] = [];
    for (let from = 0; from < count; from += AT_ONCE) {
      const jobs = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_none, n) => this.spec(change(from + n)));
      await this.engine.enqueue({ jobs });
      for (const { id } of jobs) ids.push(id);
    }
    return ids;
  }

  async session(ttl = DAY): Promise<Session> {
    const session = new Session(this, `${this.fresh("worker-")}/s`);
    await session.open(ttl);
    return session;
  }

  /** Leases every job that waits, and ends it. */
  async endAll(outcome: Outcome): Promise<void> {
    const session = await this.session();
    for (let leases = await session.claim(AT_ONCE); leases.length > 0;)
      leases = await session.claim(AT_ONCE, leases, outcome);
    await session.close();
  }

  /** A command on many jobs, so many at a time. */
  async control(name: string, command: Command, ids: readonly string[], atOnce = AT_ONCE): Promise<void> {
    for (let from = 0; from < ids.length; from += atOnce) {
      const refs = ids.slice(from, from + atOnce).map((id) => ({ queue: this.queue, id }));
      const params = { refs, op: this.fresh("op"), fromStart: false };
      await this.measure(name, () => this.engine[command](params));
    }
  }

  /** Sweeps until there is no more to do; `until`: until that is so, too. */
  async sweep(name: string, limit = 200): Promise<void> {
    let more = true;
    while (more) ({ more } = await this.measure(name, () => this.engine.sweep({ queues: [this.queue], limit })));
  }

  async counts(queue = this.queue): Promise<Readonly<Record<string, number>>> {
    const [found] = await this.engine.queues({ names: [queue] });
    return { ...found?.counts };
  }

  /** The ids of some pages of a listing, all of them unless said otherwise. */
  async list(
    name: string,
    filter: Filter,
    pages = Number.POSITIVE_INFINITY,
    limit = 50,
    from: string | null = null,
  ): Promise<Listed> {
    const ids: string[] = [];
    let cursor = from;
    for (let page = 0; page < pages; page += 1) {
      const after = cursor;
      const answer = await this.measure(name, () =>
        this.engine.listJobs({ filter: { queue: this.queue, ...filter }, cursor: after, limit }),
      );
      for (const { id } of answer.jobs) ids.push(id);
      ({ cursor } = answer);
      if (cursor === null) break;
    }
    return { ids, cursor };
  }

  /** Where a listing goes on after a part of all its jobs. Not measured. */
  async cursorAt(filter: Filter, part: number): Promise<string | null> {
    let cursor: string | null = null;
    for (let seen = 0; seen < this.size * part; seen += AT_ONCE) {
      ({ cursor } = await this.engine.listJobs({ filter: { queue: this.queue, ...filter }, cursor, limit: AT_ONCE }));
    }
    return cursor;
  }
}

export interface Listed {
  readonly ids: string[];
  readonly cursor: string | null;
}

export class Session {
  readonly id: string;
  readonly #load: Load;
  #calls = 0;

  constructor(load: Load, id: string) {
    this.#load = load;
    this.id = id;
  }

  async open(ttl: number): Promise<void> {
    const worker = {
      name: this.id,
      host: "bench",
      pid: process.pid,
      queues: [this.#load.queue],
      tasks: [{ name: "work", version: null, label: null, resultUrl: null }],
      appVersion: null,
      environment: null,
      longshore: "",
      node: process.version,
      concurrency: 1,
      startedAt: Date.now(),
    };
    await this.#load.engine.openSession({ session: this.id, worker, ttl });
  }

  /** Ends some leases, and leases so many more. */
  async claim(max: number, ended: readonly Lease[] = [], outcome: Outcome = DONE): Promise<readonly Lease[]> {
    return (await this.exchange(max, ended, outcome)).leases;
  }

  /** Leases so many, in as many calls as that takes: one gives fewer when they are much work. */
  async claimMany(count: number): Promise<readonly Lease[]> {
    const leases: Lease[] = [];
    for (let more = true; more && leases.length < count;) {
      const answer = await this.exchange(count - leases.length);
      leases.push(...answer.leases);
      ({ more } = answer);
    }
    return leases;
  }

  async exchange(
    max: number,
    ended: readonly Lease[] = [],
    outcome: Outcome = DONE,
  ): Promise<Awaited<ReturnType<Engine["exchange"]>>> {
    this.#calls += 1;
    const settle = ended.map(({ queue, id, epoch }) => ({ queue, id, epoch, outcome }));
    const claim = max === 0 ? null : { queues: [this.#load.queue], max, suspect: true };
    return this.#load.engine.exchange({ session: this.id, lane: 0, call: this.#calls, settle, claim });
  }

  /** Leases one job at a time until nothing is left, and counts each call for a measure. */
  async drain(name: string): Promise<string[]> {
    const ids: string[] = [];
    for (let more = true; more;) {
      const answer = await this.#load.measure(name, () => this.exchange(1));
      for (const { id } of answer.leases) ids.push(id);
      ({ more } = answer);
    }
    return ids;
  }

  async close(): Promise<void> {
    await this.#load.engine.closeSession({ session: this.id, queues: [this.#load.queue] });
  }
}
