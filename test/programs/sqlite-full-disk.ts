// What still works on a SQLite file whose disk is full, in three processes: this one, a worker, and one that begins meanwhile. It is
// started with a folder on a small disk of its own, fills that, and prints what came of it as one line of JSON.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { connect, LongshoreError, task, type Longshore } from "longshore";

/** What an enqueue was answered: the code and message of its error, or `accepted`. */
type Answered = string;

export interface FullDiskTold {
  /** The size of the reserve: before the disk is full, while it is, and when there is room again. */
  readonly reserve: readonly [before: number, while_: number, after: number];
  /** What enqueues were answered while it is full: as it became so, after the jobs had ended, and in the worker's process. */
  readonly refused: readonly [first: Answered, later: Answered, worker: Answered];
  /** Of the 100 jobs that ran: how many have completed with their result. */
  readonly completed: number;
  /** How many of ten jobs each could be cancelled, and removed; and of those that completed, removed. */
  readonly cancelled: number;
  readonly removed: number;
  readonly removedCompleted: number;
  /** How many jobs a process cancelled that connected while the disk was full. */
  readonly cancelledByNew: number;
  /** Jobs that were accepted while the disk became full, and how many of them are there. */
  readonly accepted: number;
  readonly kept: number;
  /** What an enqueue was answered when there was room again. */
  readonly after: Answered;
  /** Was a process ready: before, while it was full, and when there was room again? */
  readonly ready: readonly [before: boolean, while_: boolean, after: boolean];
}

const [folder = "", role = "all"] = process.argv.slice(2);
const file = join(folder, "jobs.db");
const url = `sqlite:${file}`;
const RUNNING = 100;
const RESERVE = 12 * 1024 * 1024;
const LEFT_TO_JOBS = 12 * 1024 * 1024;
const RESULT = "r".repeat(1_000);

let finish: () => void = () => undefined;
const told = new Promise<void>((resolve) => {
  finish = resolve;
});
const held = task<number, string>("held", { queue: "held" }, async () => {
  await told;
  return RESULT;
});
const idle = task("idle", { queue: "idle" }, () => Promise.resolve());

switch (role) {
  case "worker":
    await work();
    break;
  case "new":
    await begin();
    break;
  default:
    await playAll();
}

async function playAll(): Promise<void> {
  const longshore = await connect(url);
  const running = await longshore.enqueueMany(held, numbers(RUNNING));
  const [toCancel, toRemove, ofNew] = [await addIdle(longshore), await addIdle(longshore), await addIdle(longshore)];
  const worker = start("worker");
  await until(async () => (await longshore.queue("held").counts()).active === RUNNING && reserveSize() >= RESERVE);
  const before = reserveSize();
  const readyBefore = await longshore.ready();

  const filler = openSync(join(folder, "filler"), "w");
  fill(filler, LEFT_TO_JOBS);
  let accepted = 0;
  let first = "accepted";
  while (first === "accepted") {
    first = await answered(longshore.enqueue("large", "x".repeat(50_000), { queue: "large" }));
    if (first === "accepted") accepted += 1;
  }
  fill(filler, 0);

  worker.send("finish");
  const results = await Promise.allSettled(running.map(async (job) => job.result({ timeout: "2m" })));
  const cancelled = await count(toCancel.map(async (job) => job.cancel()));
  const removed = await count(toRemove.map(async (job) => job.remove()));
  const removedCompleted = await count(running.slice(0, 10).map(async (job) => job.remove()));
  const newcomer = start("new", ofNew.map(({ id }) => id).join());
  const [cancelledByNew] = (await once(newcomer, "message")) as [number];
  const later = await answered(longshore.enqueue(idle));
  worker.send("enqueue");
  const [ofWorker] = (await once(worker, "message")) as [string];
  const meanwhile = reserveSize();
  const readyMeanwhile = await longshore.ready();

  closeSync(filler);
  rmSync(join(folder, "filler"));
  await pause(20);
  const after = await answered(longshore.enqueue(idle));
  worker.kill("SIGTERM");
  await once(worker, "close");
  const second = start("worker");
  await until(() => Promise.resolve(reserveSize() >= RESERVE));
  const answer: FullDiskTold = {
    reserve: [before, meanwhile, reserveSize()],
    refused: [first, later, ofWorker],
    completed: results.filter((result) => result.status === "fulfilled" && result.value === RESULT).length,
    cancelled,
    removed,
    removedCompleted,
    cancelledByNew,
    accepted,
    kept: (await longshore.queue("large").counts()).queued,
    after,
    ready: [readyBefore.ready, readyMeanwhile.ready, (await longshore.ready()).ready],
  };
  second.kill("SIGTERM");
  await once(second, "close");
  await longshore.close();
  console.log(JSON.stringify(answer));
}

async function work(): Promise<void> {
  const longshore = await connect(url);
  const worker = longshore.worker([held], { concurrency: RUNNING });
  worker.on("error", (error) => console.error(String(error)));
  process.on("message", (message) => {
    if (message === "finish") finish();
    else void answered(longshore.enqueue(idle)).then((answer) => process.send?.(answer));
  });
  process.once("SIGTERM", () => {
    process.disconnect();
    void worker.stop().then(async () => longshore.close());
  });
}

/** Cancels the jobs that it is given, in a process that connects while the disk is full. */
async function begin(): Promise<void> {
  const connected = connect(url);
  const ids = (process.argv[4] ?? "").split(",");
  process.send?.(await count(ids.map(async (id) => (await connected).queue("idle").job(id).cancel())));
  process.disconnect();
  await (await connected).close();
}

function start(as: string, ...rest: string[]): ChildProcess {
  return spawn(process.execPath, [process.argv[1] ?? "", folder, as, ...rest], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}

async function addIdle(longshore: Longshore) {
  return longshore.enqueueMany(
    idle,
    numbers(10).map(() => undefined),
  );
}

async function count(commands: Promise<unknown>[]): Promise<number> {
  return (await Promise.allSettled(commands)).filter(({ status }) => status === "fulfilled").length;
}

async function answered(enqueue: Promise<unknown>): Promise<Answered> {
  try {
    await enqueue;
    return "accepted";
  } catch (error) {
    return error instanceof LongshoreError ? `${error.code}: ${error.message}` : String(error);
  }
}

/** What another application writes to the disk, until there is room for so many bytes. */
function fill(descriptor: number, leave: number): void {
  const block = Buffer.alloc(4_096, 1);
  try {
    for (;;) {
      const { bavail, bsize } = statfsSync(folder);
      if (bavail * bsize <= leave) return;
      writeSync(descriptor, block);
    }
  } catch {
    // There is no room for a whole block.
  }
}

function reserveSize(): number {
  return statSync(`${file}-reserve`, { throwIfNoEntry: false })?.size ?? 0;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(20);
}

function numbers(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
