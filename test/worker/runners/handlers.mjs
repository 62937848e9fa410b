// Handlers that children import, for the tests of the runners. They import nothing but Node, so that a child is up soon;
// those that need Longshore are in `longshore-handlers.mjs`, those that need a schema in `schema-handlers.mjs`.
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, threadId } from "node:worker_threads";

/** Which child this is. */
const child = () => (isMainThread ? `process ${process.pid}` : `thread ${process.pid}.${threadId}`);

export const who = () => child();

export default ({ input }) => ({ whole: input });

/** Uses everything a handler is given. */
export async function everything({ input, job, signal, progress, log, meta }) {
  progress(25, "begun");
  log.info("an info");
  log.warn("a warning");
  meta.merge({ seen: input.n });
  await sleep(1);
  return { ...input, id: job.id, attempt: job.attempt, aborted: signal.aborted, before: meta.get() };
}

/** Takes steps, and dies of the second one as often as its input says. */
export async function stepping({ input, job, step, emit, count, progress }) {
  const ran = [];
  const first = await step("first", () => {
    ran.push("first");
    count("found", 3);
    return { on: job.attempt };
  });
  void emit("HALF", { first });
  await step("second", () => {
    progress(1, 2, "in the middle");
    ran.push("second");
    if (job.attempt <= input.deaths) throw new Error("not yet");
  });
  const { values, errors } = await step.all("third", [1, 2, 3], (item) => {
    if (item === 2) throw new TypeError("two");
    return item * 10;
  });
  return { ran, first, values, failed: errors.map(({ key, error }) => [key, error.name]) };
}

export async function sleeping({ step, job }) {
  await step.sleep("nap", 30);
  return job.attempt;
}

export const undeclared = ({ step }) => step("unheard of", () => 1);
export const emitting = ({ emit, input }) => emit(input.name, input.value);

/** Never ends, whatever signal it gets. */
export const deaf = () => new Promise(() => setInterval(() => {}, 1_000));

/** Never lets go of the event loop. */
export function spin({ progress, log, meta }) {
  meta.set({ pid: process.pid });
  progress(10);
  log("spinning");
  for (;;);
}

/** Starts a process that ignores SIGTERM, in its own group or another, says its id, and never ends. */
export async function breed({ input, meta }) {
  const grandchild = spawn("sh", ["-c", "trap '' TERM INT HUP; while :; do sleep 1; done"], {
    stdio: "ignore",
    detached: input.detached,
  });
  if (input.detached) grandchild.unref();
  meta.set({ pid: process.pid, grandchild: grandchild.pid });
  while (input.spins);
  if (!input.ends) await deaf();
  return grandchild.pid;
}

/** Ends its child, in one of several ways. */
export async function die({ input }) {
  process.stderr.write(input.words ?? "");
  if (input.how === "exit") process.exit(3);
  if (input.how === "kill") process.kill(process.pid, "SIGKILL");
  if (input.how === "throw") setTimeout(() => nobodyCatchesThis(), 1);
  if (input.how === "reject") void Promise.reject(new Error("nobody caught this"));
  await sleep(60_000);
}

function nobodyCatchesThis() {
  throw new TypeError("nobody caught this");
}

/** Takes memory until it has none left. */
export async function eat({ input }) {
  const eaten = [];
  for (;;) {
    eaten.push(input.buffers ? Buffer.alloc(4 << 20, 1) : Array.from({ length: 100_000 }, (_, index) => ({ index })));
    await sleep(1);
  }
}

export async function pause({ input }) {
  await sleep(input);
  return child();
}

/** Is signalled, as by a supervisor that stops a whole service. */
export async function signalled() {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.kill(process.pid, signal);
  await sleep(100);
  return "still here";
}

export const unserialisable = () => ({ when: () => 1 });

export const dated = ({ input }) => `${input.at instanceof Date} ${input.at.getTime()}`;

export const notCode = { a: 1 };

export const pay = async ({ input, status }) => {
  const before = status.current;
  await status.set(input);
  return `${before}, ${status.current}`;
};
