/**
 * The SQLite engine: one file, any number of processes on one machine. Every command that changes something is one function
 * on an open transaction, which the writer runs in one transaction with others; reads see one consistent state and wait
 * for no lock.
 */
import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../model/value/clock.js";
import { EngineClosed } from "../../model/errors/errors.js";
import type { Answer, Params } from "../contract/commands.js";
import type { ControlAnswer, ControlParams, Engine, EngineInfo, SweepAnswer } from "../contract/engine.js";
import { FirstRemovals } from "../shared/first-removals.js";
import { FailureGroupEngine } from "../shared/failure-group-engine.js";
import { refusalOf } from "../shared/refusal.js";
import { LATE, sweepTotal } from "../shared/sweep.js";
import { describeTarget, type SqliteTarget } from "../target.js";
import { listAside } from "./commands/run/aside.js";
import { USUAL_BUDGET, type Budget } from "./store/budget.js";
import { checkpointsAfter } from "./store/checkpoint.js";
import type { Connection } from "./connection.js";
import { closeIn } from "./commands/closing.js";
import { cancel, control, promote, release, remove, retry, update, type Command } from "./commands/control.js";
import { exchange } from "./commands/exchange.js";
import { listPage } from "./commands/listing/listing.js";
import { commitFlow } from "./commands/enqueue/commit-flow.js";
import { SqliteDocumentCommands } from "./commands/documents.js";
import { SqliteFailureGroups } from "./commands/failure-groups.js";
import { findLeftovers } from "./leftovers.js";
import { obliterate } from "./removal/obliterate.js";
import { enqueue } from "./commands/enqueue/enqueue.js";
import { countAhead } from "./commands/listing/place.js";
import { findJobs, getSome, hasWork, listQueues, tagTotals } from "./commands/read.js";
import { applyReport, readLog } from "./commands/run/report.js";
import {
  fireSchedule,
  listSchedules,
  pauseSchedule,
  putSchedule,
  removeSchedule,
  resumeSchedule,
} from "./commands/schedules.js";
import { abandonedQueues, heartbeat, heldPage, listWorkers, openSession } from "./commands/workers/sessions.js";
import { commandWorker } from "./commands/workers/worker-command.js";
import { giveBackPages } from "./database/free-pages.js";
import { sharedClock } from "./database/shared-clock.js";
import type { Sql } from "./database/sql.js";
import { acknowledgeEnded, claimEnded, hasEnded } from "./commands/ended.js";
import { dropDocumentOperations } from "./store/document-operations.js";
import { dropInterests } from "./store/interest.js";
import { listDependencies, listDependents, pageOfDependencies } from "./store/job/dependencies.js";
import type { Transaction } from "./store/transaction.js";
import { openAlone, shareConnection, type Share } from "./sharing.js";
import { Waits } from "./store/waits.js";
import { readSeries, readTotals, seriesAccess } from "./commands/series.js";
import { describeFile, rewriteHeader } from "./commands/store.js";
import { beginSweep, sweepSome } from "./commands/sweep.js";
import { lapsing, renewInterests, watch, withEvents } from "./commands/watch.js";
import type { CommandOptions } from "./writer.js";

export class SqliteEngine extends FailureGroupEngine implements Engine {
  readonly info: EngineInfo;
  readonly #target: Required<SqliteTarget>;
  readonly #clock: Clock;
  readonly #existing: boolean;
  readonly #budget: Budget;
  readonly #alone: boolean;
  readonly #waits = new Waits();
  readonly #documents = new SqliteDocumentCommands({
    write: (command, options) => this.#write(command, options),
    read: (query) => this.#read(query),
  });
  protected override readonly documents = (): SqliteDocumentCommands => this.#documents;
  readonly #groups = new SqliteFailureGroups({
    write: (command) => this.#write(command),
    read: (query) => this.#read(query),
    now: () => this.now(),
  });
  protected override readonly groups = (): SqliteFailureGroups => this.#groups;
  readonly #seriesAccess = seriesAccess(
    (query) => this.#read(query),
    (command) => this.#write(command),
  );
  #opened: Share | null = null;
  #reopening: Promise<Connection> | null = null;
  #closed = false;

  /**
   * @param target the file, and how durable commits are
   * @param options.clock default: the machine's
   * @param options.existing open only a database that exists; default: false, a missing one is created
   * @param options.alone with a connection of its own, as another process would have; default: false, it shares that of its process
   * @param options.budget how much one transaction does; what is beyond it is left to those after it
   */
  constructor(
    target: Required<SqliteTarget>,
    options: { clock?: Clock; existing?: boolean; alone?: boolean; budget?: Budget } = {},
  ) {
    super();
    this.#target = target;
    this.#clock = options.clock ?? sharedClock;
    this.#existing = options.existing ?? false;
    this.#alone = options.alone ?? false;
    this.#budget = options.budget ?? USUAL_BUDGET;
    this.info = {
      kind: "sqlite",
      url: describeTarget(target),
      shared: true,
      persistence: `sqlite wal, synchronous ${target.durability}`,
    };
  }

  get identity(): string | null {
    return this.#opened?.connection.identity ?? null;
  }

  async open(): Promise<void> {
    if (this.#closed) throw new EngineClosed();
    if (this.#opened === null) this.#take(await this.#connect(this.#existing));
  }

  close(): void {
    this.#closed = true;
    const opened = this.#opened;
    this.#opened = null;
    this.#waits.close();
    opened?.release();
  }

  now(): number {
    return this.#clock.now();
  }

  async store(): Promise<Answer<"store">> {
    const said = await this.#read((sql) => describeFile(sql, this.#target.path));
    const refusal = await refusalOf(() => this.probe());
    return [{ ...said, writable: refusal === null, refusal }];
  }

  probe(): Promise<void> {
    return this.#write(({ sql }) => rewriteHeader(sql), { addsJobs: true });
  }

  enqueue({ jobs }: Params<"enqueue">): Promise<Answer<"enqueue">> {
    return this.#write((transaction) => enqueue(transaction, jobs), { addsJobs: true });
  }

  commitFlow(params: Params<"commitFlow">): Promise<Answer<"commitFlow">> {
    return this.#write((transaction) => commitFlow(transaction, params));
  }

  openSession({ session, worker, ttl }: Params<"openSession">): Promise<Answer<"openSession">> {
    return this.#write((transaction) => openSession(transaction, session, worker, ttl));
  }

  closeSession({ session, queues }: Params<"closeSession">): Promise<Answer<"closeSession">> {
    return this.#write((transaction) => {
      for (const name of queues) closeIn(transaction, session, name);
    });
  }

  heartbeat(params: Params<"heartbeat">): Promise<Answer<"heartbeat">> {
    return this.#write((transaction) => heartbeat(transaction, params));
  }

  async commandWorker(params: Params<"commandWorker">): Promise<Answer<"commandWorker">> {
    const isThere = await this.#write((transaction) => commandWorker(transaction, params));
    if (isThere) (await this.#there()).watchers.commanded(params.session);
    return isThere;
  }

  exchange(params: Params<"exchange">): Promise<Answer<"exchange">> {
    return this.#write((transaction) => exchange(transaction, params));
  }

  held({ session, queue, cursor }: Params<"held">): Promise<Answer<"held">> {
    return this.#read((sql) => heldPage(sql, session, queue, cursor));
  }

  async awaitWork(params: Params<"awaitWork">): Promise<null> {
    const { queues, tasks = [], ends = [], timeout, signal } = params;
    if (this.#opened === null) return null;
    const { watchers, sql } = await this.#there();
    const until = this.now() + timeout;
    const waiting = { tasks, removals: new FirstRemovals(), until };
    const ready = (): boolean =>
      hasWork(sql, queues, waiting, this.now(), (name) => hasEnded(sql, name, ends, this.now()));
    await this.#waits.run(signal, (ended) => watchers.wait(queues, timeout, ended, ready));
    return null;
  }

  // Every waiting process sees a change of the file: no wake-up is used up by one of them.
  passOn(): void {}

  async onRevoked({ session, listener, commanded }: Params<"onRevoked">): Promise<() => void> {
    const { watchers } = await this.#there();
    return this.#waits.add(watchers.listen(session, listener, commanded));
  }

  report({ session, updates }: Params<"report">): Promise<Answer<"report">> {
    return this.#write((transaction) => updates.map((one) => applyReport(transaction, session, one)));
  }

  release(params: ControlParams): Promise<ControlAnswer[]> {
    return this.#control(params, release);
  }

  cancel(params: ControlParams): Promise<ControlAnswer[]> {
    return this.#control(params, cancel);
  }

  retry({ fromStart, input, ...params }: Params<"retry">): Promise<ControlAnswer[]> {
    return this.#control(params, retry(fromStart, input));
  }

  promote(params: ControlParams): Promise<ControlAnswer[]> {
    return this.#control(params, promote);
  }

  update(params: Params<"update">): Promise<ControlAnswer[]> {
    return this.#control(params, update(params.patch));
  }

  remove(params: ControlParams): Promise<ControlAnswer[]> {
    return this.#control(params, remove);
  }

  #control(params: ControlParams, command: Command): Promise<ControlAnswer[]> {
    return this.#write((transaction) => control(transaction, params, command));
  }

  pause({ queue }: Params<"pause">): Promise<void> {
    return this.#write((transaction) => setPaused(transaction, queue, true));
  }

  resume({ queue }: Params<"resume">): Promise<void> {
    return this.#write((transaction) => setPaused(transaction, queue, false));
  }

  obliterate({ queue, force }: Params<"obliterate">): Promise<boolean> {
    return this.#write((transaction) => obliterate(transaction, queue, force));
  }

  abandoned(params: Params<"abandoned">): Promise<Answer<"abandoned">> {
    return this.#read((sql) => abandonedQueues(sql, params, this.#clock.monotonic()));
  }

  async sweep({ queues, limit, dead }: Params<"sweep">): Promise<SweepAnswer> {
    const askedAt = this.#clock.monotonic();
    let progress = beginSweep(queues, limit);
    do {
      const before = progress;
      progress = await this.#write((transaction) => {
        findLeftovers(transaction);
        dropInterests(transaction);
        // A sweep that was held up may run ahead of heartbeats that were held up with it.
        const late = transaction.monotonic - askedAt > LATE && dead !== undefined;
        return sweepSome(transaction, before, late ? [] : dead);
      });
    } while (progress.rest.length > 0);
    const isBulky = await this.#write((transaction) => {
      const left = dropDocumentOperations(transaction);
      return giveBackPages(transaction.sql) || left;
    });
    await this.#opened?.connection.reserve.restore();
    const total = sweepTotal(progress.swept, limit);
    return isBulky ? { ...total, more: true } : total;
  }

  putSchedule(params: Params<"putSchedule">): Promise<Answer<"putSchedule">> {
    return this.#write((transaction) => putSchedule(transaction, params), { addsJobs: true });
  }

  removeSchedule(ref: Params<"removeSchedule">): Promise<Answer<"removeSchedule">> {
    return this.#write((transaction) => removeSchedule(transaction, ref));
  }

  pauseSchedule(ref: Params<"pauseSchedule">): Promise<Answer<"pauseSchedule">> {
    return this.#write((transaction) => pauseSchedule(transaction, ref));
  }

  resumeSchedule(params: Params<"resumeSchedule">): Promise<Answer<"resumeSchedule">> {
    return this.#write((transaction) => resumeSchedule(transaction, params));
  }

  schedules({ queues, names }: Params<"schedules">): Promise<Answer<"schedules">> {
    return this.#read((sql) => listSchedules(sql, queues, names));
  }

  fireSchedules({ fires }: Params<"fireSchedules">): Promise<Answer<"fireSchedules">> {
    return this.#write((transaction) => fires.map((fire) => fireSchedule(transaction, fire)), { addsJobs: true });
  }

  async claimEnded({ queues, tasks, limit }: Params<"claimEnded">): Promise<Answer<"claimEnded">> {
    // Asked after every sweep, mostly in vain: the file is not locked for that.
    const having = await this.#read((sql) => queues.filter((name) => hasEnded(sql, name, tasks, this.now())));
    if (having.length === 0) return [];
    return this.#write((transaction) => claimEnded(transaction, having, tasks, limit));
  }

  acknowledgeEnded({ refs }: Params<"acknowledgeEnded">): Promise<Answer<"acknowledgeEnded">> {
    return this.#write((transaction) => acknowledgeEnded(transaction, refs));
  }

  async getJobs({ refs, fields }: Params<"getJobs">): Promise<Answer<"getJobs">> {
    const jobs = await this.#read((sql) => getSome(sql, refs, fields));
    while (jobs.length < refs.length) {
      await turn();
      jobs.push(...(await this.#read((sql) => getSome(sql, refs.slice(jobs.length), fields))));
    }
    return jobs;
  }

  findJobs({ ids, fields }: Params<"findJobs">): Promise<Answer<"findJobs">> {
    return this.#read((sql) => findJobs(sql, ids, fields));
  }

  async listJobs(params: Params<"listJobs">): Promise<Answer<"listJobs">> {
    const page = await this.#read((sql) => listPage(sql, params));
    // A caller goes on at once, which would keep the event loop from everything else.
    if (page.cursor !== null) await turn();
    return page;
  }

  tagTotals({ tag, queue }: Params<"tagTotals">): Promise<Answer<"tagTotals">> {
    return this.#read((sql) => tagTotals(sql, tag, queue));
  }

  queues(params?: Params<"queues">): Promise<Answer<"queues">> {
    return this.#read((sql) => listQueues(sql, params?.names));
  }

  aside({ queues }: Params<"aside">): Promise<Answer<"aside">> {
    return this.#read((sql) => listAside(sql, queues));
  }

  workers(): Promise<Answer<"workers">> {
    return this.#read((sql) => listWorkers(sql, this.#clock.now(), Math.round(this.#clock.monotonic())));
  }

  series(query: Params<"series">): Promise<Answer<"series">> {
    return readSeries(this.#seriesAccess, query, this.now());
  }

  totals(query: Params<"totals">): Promise<Answer<"totals">> {
    return readTotals(this.#seriesAccess, query);
  }

  async checkpoints(ref: Params<"checkpoints">): Promise<Answer<"checkpoints">> {
    let page = await this.#read((sql) => checkpointsAfter(sql, ref, 0));
    const all = page.checkpoints;
    for (let { next } = page; next !== null; { next } = page) {
      const after = next;
      await turn();
      page = await this.#read((sql) => checkpointsAfter(sql, ref, after));
      all.push(...page.checkpoints);
    }
    return all;
  }

  dependencies(ref: Params<"dependencies">): Promise<Answer<"dependencies">> {
    return this.#read((sql) => listDependencies(sql, ref));
  }

  dependenciesOf(query: Params<"dependenciesOf">): Promise<Answer<"dependenciesOf">> {
    return this.#read((sql) => pageOfDependencies(sql, query));
  }

  dependents(ref: Params<"dependents">): Promise<Answer<"dependents">> {
    return this.#read((sql) => listDependents(sql, ref));
  }

  logs(ref: Params<"logs">): Promise<Answer<"logs">> {
    return this.#read((sql) => readLog(sql, ref));
  }

  async position(ref: Params<"position">): Promise<Answer<"position">> {
    let count = await this.#read((sql) => countAhead(sql, ref, null));
    while (count !== null && !count.done) {
      const before = count;
      await turn();
      count = await this.#read((sql) => countAhead(sql, ref, before));
    }
    return count === null ? null : count.ahead + 1;
  }

  watch({ queue, cursor, max }: Params<"watch">): Promise<Answer<"watch">> {
    return this.#write((transaction) => watch(transaction, queue, cursor, max));
  }

  async awaitEvents({ queues, timeout, signal }: Params<"awaitEvents">): Promise<Answer<"awaitEvents">> {
    if (this.#opened === null || signal.aborted) return [];
    const { watchers, sql } = await this.#there();
    const soon = await this.#read(() => lapsing(sql, queues, this.#clock.now()));
    if (soon.length > 0) await this.#write((transaction) => renewInterests(transaction, soon));
    let found: string[] = [];
    const ready = (): boolean => (found = withEvents(sql, queues, this.#clock.now())).length > 0;
    const names = queues.map(({ queue }) => queue);
    await this.#waits.run(signal, (ended) => watchers.wait(names, timeout, ended, ready));
    return found;
  }

  async #write<T>(command: (transaction: Transaction) => T, options?: CommandOptions): Promise<T> {
    const opened = this.#open();
    return (opened.isLeft ? await this.#reopen() : opened).writer.run(command, options);
  }

  async #read<T>(query: (sql: Sql) => T): Promise<T> {
    const opened = this.#open();
    return (opened.isLeft ? await this.#reopen() : opened).writer.read(query);
  }

  async #there(): Promise<Connection> {
    const opened = this.#open();
    if (opened.isLeft) return this.#reopen();
    opened.verify();
    return opened;
  }

  /**
   * The file was deleted or replaced. Commands that were about to write have failed; later ones get the file that is at
   * the path now. A missing file is not created: the deleted one may be about to be put back.
   */
  #reopen(): Promise<Connection> {
    this.#reopening ??= this.#openAgain().finally(() => {
      this.#reopening = null;
    });
    return this.#reopening;
  }

  async #openAgain(): Promise<Connection> {
    return this.#take(await this.#connect(true));
  }

  /** Goes on with this connection, instead of the one that it had. */
  #take(share: Share): Connection {
    if (this.#closed) {
      share.release();
      throw new EngineClosed();
    }
    this.#opened?.release();
    this.#opened = share;
    return share.connection;
  }

  #connect(existing: boolean): Promise<Share> {
    const options = { target: this.#target, clock: this.#clock, budget: this.#budget };
    return this.#alone ? openAlone(options, { existing }) : shareConnection(options, { existing });
  }

  #open(): Connection {
    if (this.#opened === null) throw new EngineClosed();
    return this.#opened.connection;
  }
}

function setPaused(transaction: Transaction, name: string, paused: boolean): void {
  // A pause is remembered, also of a queue that does not exist yet; there is none to end in one that does not.
  const queue = paused ? transaction.queue(name) : transaction.find(name);
  if (queue === null || queue.paused === paused) return;
  queue.setPaused(paused);
  queue.emit({ kind: paused ? "paused" : "resumed" });
  transaction.changed(name);
}
