/**
 * Every key, built here and nowhere else. All keys of a queue share the hash tag `{prefix/queue}`, so a queue is one slot
 * of a Redis Cluster and every script touches one slot. Names cannot contain the slash (model/value/name.ts), so no two
 * pairs of prefix and queue share a key.
 * | key | type | holds |
 * |---|---|---|
 * | queue | hash | the queue's own numbers (see scripts/lib/store/queue.lua) |
 * | job | hash | id → birth record + body |
 * | run | hash | id → record, once the job has moved; small results of first runs with it |
 * | leases | hash | epoch → a batch of active jobs in their first run, with the session that holds them |
 * | held | hash | id → record of any other active job, with the session that holds it |
 * | spans, held_order | zset | both by their leases: batches by position, the others by epoch (scripts/lib/claims/lease.lua) |
 * | result, history, errors, progress, meta, keep, nonce, op, fingerprints, tags, unique_key | hash | id → what only some jobs have (op: the last commands on it) |
 * | log | hash | id → how many lines it has logged, in which report last; `id NUL number` → some of them (scripts/lib/store/log.lua) |
 * | checkpoint | hash | `id NUL number` → checkpoint |
 * | checkpoints | hash | id → the highest number of its checkpoints |
 * | failed | hash | id → what failed in a job that half succeeded |
 * | latest, supersede_key | hash | key under which jobs supersede each other → the latest of them; id → its key |
 * | ended | hash | jobs that ended without a run, of which the application has not been notified: id → task |
 * | ended_due, ended_claimed | zset | the same as `task NUL id`: in lexical order; claimed ones, by when they are due again |
 * | traces, trace | zset, hash | removed jobs by when they were; id → what is remembered (scripts/lib/jobs/traces.lua) |
 * | wait | list | queued jobs of the default priority; `~` marks those that have moved before |
 * | tombstones | zset | positions in `wait` whose job has moved away |
 * | priority, suspect | zset | queued jobs of other priorities, and those before `wait`; suspects, by running order |
 * | aside | zset | queued jobs that were declined for want of their task's code, by running order |
 * | lacking, declined | zset | the same by task, in lexical order (scripts/lib/claims/aside.lua); since when, of running ones too |
 * | delayed, blocked, ttl, expiry | zset | by due time, creation, end of ttl, when retention removes a job, unless it is in `done5` |
 * | done5 | list | completed jobs that are kept for the default age, in the order in which they finished; blank entries are places of others |
 * | kept | zset | other completed jobs, by position |
 * | done6 … done10 | zset | jobs that ended in another state, by position |
 * | counted1, counted2 | zset | finished jobs that ask to be kept by count |
 * | unique | hash | unique key → owner |
 * | dependencies, dependents | zset | what jobs depend on, what depends on them: `id NUL queue NUL id`, in lexical order (scripts/lib/store/links.lua) |
 * | dependency, dependent | hash | the value of each of these links |
 * | removed_dependencies, … | | the same of the jobs of an obliterated queue, until the others are notified |
 * | pending, round | hash | id → number of pending dependencies; how often it began to wait again |
 * | ends | hash | id → how many of its dependencies ended otherwise than completed (scripts/lib/store/ends.lua) |
 * | outbox | zset | jobs with messages to linked jobs, in the order in which they were marked |
 * | audit | zset | jobs with pending dependencies, by when their messages are sent again |
 * | tagged, failures | zset | `tag NUL id`; `fingerprint|id`, `fingerprint}id` (scripts/lib/jobs/filing.lua), in lexical order |
 * | groups, group_order | hash, zset | failures by fingerprint; the same by when they were seen last (scripts/lib/jobs/failure-groups.lua) |
 * | tagcount | hash | `tag NUL state` → number of jobs |
 * | schedule, tick | hash | schedule → its definition; its tick record (see scripts/lib/store/schedule.lua) |
 * | due | zset | active schedules, by when they are due next |
 * | sessions, workers, seen, calls | zset, hashes | the registered workers |
 * | running | hash | session → how many jobs it holds |
 * | status, commands | hash | session → how its worker is; the latest command to it. In the first queue of a session only |
 * | builds, built | hash, zset | the builds of the sessions by code (engine/contract/worker/builds.ts); when the last session of each was opened |
 * | revoked | zset | leases that were taken from sessions, `session NUL id epoch cause`, in lexical order |
 * | tally | list | how jobs ended, to be added up: lines of JSON (scripts/lib/store/tally.lua) |
 * | series, totals | hash | the same by minute and hour, `m…` and `h…`; task → altogether. `t`, `s`: when it was trimmed, sampled last |
 * | events | stream | batches of events, while the queue is watched |
 * | wake | list | one marker, to wake one worker |
 * Documents are in a place like that of a queue, with keys of its own (scripts/lib/store/documents.lua):
 * | key | type | holds |
 * |---|---|---|
 * | documents | hash | format; version, that of the last write |
 * | kind | hash | kind → its numbers |
 * | document, version | hash | `kind NUL id` → value; version and times |
 * | ids | zset | the same in lexical order |
 * | operation, operations | hash, list | the last commands that wrote → what they were answered; these in their order |
 */

/** The place of all documents, where a queue has its name: no queue can be called that. */
export const DOCUMENTS = "/documents";

/** The keys of one namespace. */
export class Keys {
  /** The number of their database. */
  readonly db: number;
  readonly #prefix: string;
  readonly #queues = new Map<string, string>();

  constructor(prefix: string, db: number) {
    this.#prefix = prefix;
    this.db = db;
  }

  /** The set of all queue names. */
  get registry(): string {
    return `{${this.#prefix}}:queues`;
  }

  /** A key of a queue. */
  of(queue: string, name: string): string {
    return this.base(queue) + name;
  }

  /** The prefix of all keys of a queue. */
  base(queue: string): string {
    let base = this.#queues.get(queue);
    if (base === undefined) {
      base = `{${this.#prefix}/${queue}}:`;
      if (this.#queues.size > 10_000) this.#queues.clear();
      this.#queues.set(queue, base);
    }
    return base;
  }

  /**
   * The channel on which a queue publishes events and revocations (`publish` in scripts/lib/store/queue.lua). It includes the
   * number of the database: unlike keys, channels are shared by all databases of a server.
   */
  channel(queue: string): string {
    return this.of(queue, String(this.db));
  }
}
