// Does a process keep SQLite's locks on its file? Without them the next process that connects and closes takes itself for
// the last one and removes the journal, with every job in it that was accepted since. Started without arguments it plays
// all roles, in a folder of its own, and prints what came of it as one line of JSON; `lock` is null where no /proc/locks is.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, task } from "longshore";

/** The result. */
export interface LocksTold {
  /** Was there a lock: after the first connection, with a second one, after that was closed, with the thread, after another process? */
  readonly lock: readonly boolean[] | null;
  /** How many of 200 jobs that were accepted then are there when the process was killed. */
  readonly kept: number;
}

const JOBS = 200;
const LOCKS = "/proc/locks";
const [role = "all", file = ""] = process.argv.slice(2);
const url = `sqlite:${file}`;
const sample = task("sample", { queue: "q" }, () => Promise.resolve());

switch (role) {
  case "app":
    await work();
    break;
  case "visit":
    await visit();
    break;
  default:
    await playAll();
}

async function playAll(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-locks-`));
  const path = join(folder, "jobs.db");
  const app = spawn(process.execPath, [process.argv[1] ?? "", "app", path], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  app.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await once(app, "close");
  const lock = (said === "" ? [] : JSON.parse(said)) as boolean[];
  const longshore = await connect(`sqlite:${path}`);
  const { delayed } = await longshore.queue("q").counts();
  await longshore.close();
  rmSync(folder, { recursive: true });
  const told: LocksTold = { lock: existsSync(LOCKS) ? lock : null, kept: delayed };
  console.log(JSON.stringify(told));
}

async function work(): Promise<void> {
  const longshore = await connect(url);
  const lock = [isLocked()];
  const second = await connect(url);
  lock.push(isLocked());
  await second.close();
  lock.push(isLocked());
  // With a lease this short work is taken only when the thread has beaten.
  const worker = longshore.worker([sample], { lease: "2s" });
  worker.on("error", (error) => {
    throw error;
  });
  await (await longshore.enqueue(sample)).result();
  lock.push(isLocked());
  const visitor = spawnSync(process.execPath, [process.argv[1] ?? "", "visit", file], { stdio: "inherit" });
  lock.push(isLocked() && visitor.status === 0);
  await longshore.enqueueMany(
    sample,
    Array.from({ length: JOBS }, () => undefined),
    { delay: "1h" },
  );
  process.stdout.write(JSON.stringify(lock), () => process.kill(process.pid, "SIGKILL"));
}

/** As `longshore info` does. */
async function visit(): Promise<void> {
  const longshore = await connect(url);
  await longshore.queues();
  await longshore.close();
}

function isLocked(): boolean {
  return existsSync(LOCKS) && readFileSync(LOCKS, "utf8").includes(`:${statSync(file).ino} `);
}
