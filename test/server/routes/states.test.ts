// Every command on a job in every state, on every engine: the answer is what the client library says of another job in the same state,
// what is stored afterwards is what the answer says, and every answer, of all reads as well, is as the OpenAPI document has it.
import { once } from "node:events";
import { expect, it } from "vitest";
import { flow, task, LongshoreError, type Job, type JobSnapshot, type Longshore } from "longshore";
import { onEveryEngine } from "../../worker/fixtures/on-engines.js";
import { checkedApiOf } from "../support/checked-api.js";
import type { Answer } from "../api.js";

const queue = "states";

/** What the jobs run; `wait` until it is opened, whatever its signal says. */
function tasksOf(opened: Promise<unknown>) {
  const work = task("work", { queue, attempts: 1 }, () => "done");
  const wait = task("wait", { queue, attempts: 1 }, () => opened.then(() => "late"));
  const fail = task("fail", { queue, attempts: 1 }, () => Promise.reject(new Error("no such site")));
  const again = task("again", { queue, attempts: 3, backoff: "1h" }, () => Promise.reject(new Error("not yet")));
  const half = task("half", { queue, attempts: 1 }, async ({ step }) => {
    await step("first", () => Promise.reject(new Error("no picture")), { optional: true });
    return "half";
  });
  const good = flow("good", { queue }, ($) => void $(work, undefined, { name: "one" }));
  const bad = flow("bad", { queue }, ($) => void $(fail, undefined, { name: "one" }));
  const slow = flow("slow", { queue }, ($) => void $(wait, undefined, { name: "one" }));
  return { work, wait, fail, again, half, good, bad, slow };
}

interface Place {
  readonly longshore: Longshore;
  readonly tasks: ReturnType<typeof tasksOf>;
  /** A job that never runs. */
  readonly before: Job;
}

type Make = (place: Place, id: string) => Promise<unknown>;

/** A job of a queue that no worker serves. */
const unserved: Make = ({ longshore }, id) => longshore.enqueue("work", null, { id, queue: "unserved" });

const SUBJECTS = {
  queued: unserved,
  paused: ({ longshore }, id) => longshore.enqueue("work", null, { id, queue: "paused" }),
  delayed: ({ longshore, tasks }, id) => longshore.enqueue(tasks.work, undefined, { id, delay: "1h" }),
  held: ({ longshore, tasks }, id) => longshore.enqueue(tasks.work, undefined, { id, hold: true }),
  heldDelayed: ({ longshore, tasks }, id) => longshore.enqueue(tasks.work, undefined, { id, hold: true, delay: "1h" }),
  waiting: ({ longshore, tasks, before }, id) => longshore.enqueue(tasks.work, undefined, { id, after: [before] }),
  heldWaiting: ({ longshore, tasks, before }, id) => {
    return longshore.enqueue(tasks.work, undefined, { id, hold: true, after: [before] });
  },
  backingOff: ({ longshore, tasks }, id) => longshore.enqueue(tasks.again, undefined, { id }),
  active: ({ longshore, tasks }, id) => longshore.enqueue(tasks.wait, undefined, { id }),
  completed: ({ longshore, tasks }, id) => longshore.enqueue(tasks.work, undefined, { id }),
  partial: ({ longshore, tasks }, id) => longshore.enqueue(tasks.half, undefined, { id }),
  failed: ({ longshore, tasks }, id) => longshore.enqueue(tasks.fail, undefined, { id }),
  cancelled: async (place, id) => {
    await unserved(place, id);
    await place.longshore.queue("unserved").job(id).cancel();
  },
  cancelledWhileActive: ({ longshore, tasks }, id) => longshore.enqueue(tasks.wait, undefined, { id }),
  superseded: async ({ longshore }, id) => {
    await longshore.enqueue("work", null, { id, queue: "unserved", supersedes: id });
    await longshore.enqueue("work", null, { queue: "unserved", supersedes: id });
  },
  expired: ({ longshore, tasks }, id) => longshore.enqueue(tasks.work, undefined, { id, ttl: 1 }),
  flowActive: ({ longshore, tasks }, id) => longshore.enqueue(tasks.slow, undefined, { id }),
  flowCompleted: ({ longshore, tasks }, id) => longshore.enqueue(tasks.good, undefined, { id }),
  flowFailed: ({ longshore, tasks }, id) => longshore.enqueue(tasks.bad, undefined, { id }),
} satisfies Record<string, Make>;

type Subject = keyof typeof SUBJECTS;

const COMMANDS = {
  cancel: ["POST", "/cancel", undefined, (job: Job) => job.cancel()],
  retry: ["POST", "/retry", undefined, (job: Job) => job.retry()],
  retryFromStart: ["POST", "/retry", { fromStart: true }, (job: Job) => job.retry({ fromStart: true })],
  retryInput: ["POST", "/retry", { input: { n: 2 } }, (job: Job) => job.retry({ input: { n: 2 } })],
  promote: ["POST", "/promote", undefined, (job: Job) => job.promote()],
  release: ["POST", "/release", undefined, (job: Job) => job.release()],
  priority: ["PATCH", "", { priority: 5 }, (job: Job) => job.update({ priority: 5 })],
  input: ["PATCH", "", { input: { n: 2 } }, (job: Job) => job.update({ input: { n: 2 } })],
  delay: ["PATCH", "", { delay: "2h" }, (job: Job) => job.update({ delay: "2h" })],
  tags: ["PATCH", "", { tags: ["a:1"] }, (job: Job) => job.update({ tags: ["a:1"] })],
  remove: ["DELETE", "", undefined, (job: Job) => job.remove()],
} as const;

type Command = keyof typeof COMMANDS;
const NAMES = Object.keys(COMMANDS) as Command[];

/** `-`: 409, and it stays as it is. `!`: 400, the same. `gone`: 204. Else 200, and the state that it is in then. */
const TABLE = tableOf(`
                       state      cancel    retry     fromStart input     promote   release   priority  input     delay     tags      remove
  queued               queued     cancelled -         -         -         -         -         queued    queued    delayed   queued    gone
  paused               queued     cancelled -         -         -         -         -         queued    queued    delayed   queued    gone
  delayed              delayed    cancelled -         -         -         queued    -         delayed   delayed   delayed   delayed   gone
  held                 blocked    cancelled -         -         -         -         queued    blocked   blocked   blocked   blocked   gone
  heldDelayed          blocked    cancelled -         -         -         -         delayed   blocked   blocked   blocked   blocked   gone
  waiting              blocked    cancelled -         -         -         -         -         blocked   blocked   blocked   blocked   gone
  heldWaiting          blocked    cancelled -         -         -         -         blocked   blocked   blocked   blocked   blocked   gone
  backingOff           delayed    cancelled -         -         -         queued    -         delayed   delayed   delayed   delayed   gone
  active               active     cancelled -         -         -         -         -         -         -         -         -         -
  completed            completed  -         queued    queued    queued    -         -         -         -         -         -         gone
  partial              partial    -         queued    queued    queued    -         -         -         -         -         -         gone
  failed               failed     -         queued    queued    queued    -         -         -         -         -         -         gone
  cancelled            cancelled  -         queued    queued    queued    -         -         -         -         -         -         gone
  cancelledWhileActive cancelled  -         queued    queued    queued    -         -         -         -         -         -         gone
  superseded           superseded -         -         -         -         -         -         -         -         -         -         gone
  expired              expired    -         queued    queued    queued    -         -         -         -         -         -         gone
  flowActive           blocked    cancelled -         -         !         -         -         !         !         !         blocked   -
  flowCompleted        completed  -         -         -         !         -         -         !         !         !         -         gone
  flowFailed           failed     -         blocked   blocked   !         -         -         !         !         !         -         gone
`);

const READS = ["", "/result", "/result?wait=1ms", "/steps", "/logs", "/attempts", "/dependencies", "/why", "/events"];

function tableOf(
  text: string,
): Readonly<Record<Subject, { readonly state: string; readonly answers: readonly string[] }>> {
  const rows = text.trim().split("\n").slice(1);
  const entries = rows.map((row) => {
    const [subject = "", state, ...answers] = row.trim().split(/ +/);
    return [subject, { state, answers }];
  });
  return Object.fromEntries(entries) as ReturnType<typeof tableOf>;
}

onEveryEngine("a command on a job in any state", (storage) => {
  it("is answered as the library answers, and leaves the job as the answer says", async () => {
    const gate = new AbortController();
    const tasks = tasksOf(once(gate.signal, "abort"));
    const longshore = await storage.connect();
    const before = await longshore.enqueue(tasks.work, undefined, { hold: true });
    await longshore.queue("paused").pause();
    const cells = Object.keys(SUBJECTS).flatMap((subject) => NAMES.map((name) => [subject as Subject, name] as const));
    const twins = cells.flatMap(([subject, name]) =>
      ["http", "library"].map((by) => [subject, `${subject}-${name}-${by}`] as const),
    );
    for (const [subject, id] of twins) await SUBJECTS[subject]({ longshore, tasks, before }, id);
    const { work, wait, fail, again, half } = tasks;
    const worker = longshore.worker([work, wait, fail, again, half], { concurrency: 400 });
    const read = async (id: string): Promise<JobSnapshot | null> => (await longshore.job(id))?.refresh() ?? null;
    for (const [, id] of twins.filter(([subject]) => subject === "cancelledWhileActive")) {
      await expect.poll(async () => (await read(id))?.state).toBe("active");
      await longshore.queue(queue).job(id).cancel();
    }
    for (const [subject, id] of twins) {
      await expect.poll(async () => [id, (await read(id))?.state]).toEqual([id, TABLE[subject].state]);
    }
    // What is queued again from here on stays queued.
    await longshore.queue(queue).pause();

    const call = checkedApiOf(longshore);
    const answers: Record<string, string[]> = {};
    // Compared at once in the end: thousands of expectations would take their time.
    const found: unknown[] = [];
    const wanted: unknown[] = [];
    for (const [subject, name] of cells) {
      const [method, path, body, command] = COMMANDS[name];
      const [id, twin] = [`${subject}-${name}-http`, `${subject}-${name}-library`];
      const answer = await call(`${method} /api/jobs/${id}${path}`, body);
      (answers[subject] ??= []).push(shown(answer));
      const job = await longshore.job(twin);
      if (job === null) throw new Error(`there is no ${twin}`);
      const said = await command(job).then((state) => state ?? "gone", codeOf);
      const [after, twinAfter] = await Promise.all([read(id), read(twin)]);
      const { state } = TABLE[subject];
      const left = answer.status === 204 ? undefined : answer.status === 200 ? (answer.body.state as string) : state;
      found.push([id, answer.body.code ?? answer.body.state ?? "gone", essence(after), after?.state]);
      wanted.push([id, said, essence(twinAfter), left]);
      // As the document says, whatever state it is in now.
      for (const part of READS) {
        const { status } = await call(`GET /api/jobs/${id}${part}`);
        const result = after?.finishedAt === null ? 202 : 200;
        found.push([id, part, status]);
        wanted.push([id, part, after === null ? 404 : part.startsWith("/result") ? result : 200]);
      }
      for (const part of ["", "/graph"]) {
        const { status } = await call(`GET /api/flows/${id}${part}`);
        found.push([id, part, status]);
        wanted.push([id, part, after?.role === "flow" ? 200 : 404]);
      }
    }
    gate.abort();
    await worker.stop();
    expect(found).toEqual(wanted);
    const expected = Object.entries(TABLE).map(([subject, row]) => [subject, row.answers]);
    expect(answers).toEqual(Object.fromEntries(expected));
  });

  it("that is not there, or in two queues, is refused by each of them; the queue chooses", async () => {
    const longshore = await storage.connect();
    const call = checkedApiOf(longshore);
    for (const place of ["one", "two"])
      await longshore.enqueue("work", null, { id: "twice", queue: place, hold: true });
    for (const name of NAMES) {
      const [method, path, body] = COMMANDS[name];
      const missing = await call(`${method} /api/jobs/nobody${path}`, body);
      expect.soft([name, missing.status, missing.body.code]).toEqual([name, 404, "JOB_NOT_FOUND"]);
      const elsewhere = await call(`${method} /api/jobs/twice${path}?queue=three`, body);
      expect.soft([name, elsewhere.status, elsewhere.body.code]).toEqual([name, 404, "JOB_NOT_FOUND"]);
      const ambiguous = await call(`${method} /api/jobs/twice${path}`, body);
      expect.soft([name, ambiguous.status, ambiguous.body.code]).toEqual([name, 409, "AMBIGUOUS_JOB"]);
    }
    for (const part of READS) {
      expect.soft((await call(`GET /api/jobs/nobody${part}`)).body).toMatchObject({ code: "JOB_NOT_FOUND" });
      expect.soft((await call(`GET /api/jobs/twice${part}`)).body).toMatchObject({ code: "AMBIGUOUS_JOB" });
    }
    expect((await call("POST /api/jobs/twice/release?queue=two")).body).toMatchObject({
      queue: "two",
      state: "queued",
    });
    expect((await longshore.queue("one").job("twice").refresh()).state).toBe("blocked");
  });

  it("that would take a unique key from its owner names the owner, and changes nothing", async () => {
    const longshore = await storage.connect();
    const call = checkedApiOf(longshore);
    const unique = { key: "site:1", onConflict: "reject" as const };
    const first = await longshore.enqueue("work", null, { queue, unique });
    await first.cancel();
    const owner = await longshore.enqueue("work", null, { queue, unique });
    const answer = await call(`POST /api/jobs/${first.id}/retry`, { input: 2 });
    expect(answer).toMatchObject({ status: 409, body: { code: "UNIQUE_CONFLICT", owner: owner.id } });
    expect(await first.refresh()).toMatchObject({ state: "cancelled", input: null });
  });

  it("that was superseded with is refused while a later job has the key, and names no unique key", async () => {
    const longshore = await storage.connect();
    const call = checkedApiOf(longshore);
    const first = await longshore.enqueue("work", null, { queue, supersedes: "site:1" });
    await first.cancel();
    await longshore.enqueue("work", null, { queue, supersedes: "site:1" });
    const { status, body } = await call(`POST /api/jobs/${first.id}/retry`);
    expect([status, body.code, body.detail]).toEqual([
      409,
      "WRONG_STATE",
      `cannot retry job ${first.id}: it is cancelled (a later job supersedes it)`,
    ]);
    expect(await first.refresh()).toMatchObject({ state: "cancelled" });
  });
});

/** An answer as a table has it. */
function shown({ status, body }: Answer): string {
  return { 200: body.state as string, 204: "gone", 400: "!", 409: "-" }[status] ?? `${status} ${JSON.stringify(body)}`;
}

function codeOf(error: unknown): string {
  if (error instanceof LongshoreError) return error.code;
  throw error;
}

/** What twins have in common. */
function essence(job: JobSnapshot | null): unknown {
  if (job === null) return null;
  const { state, input, priority, attempt, result, role, error, history, tags, finishedAt, startedAt } = job;
  const seen = { code: error?.code, runs: history.length, ended: finishedAt !== null, started: startedAt !== null };
  return { state, input, priority, attempt, result, role, tags, ...seen };
}
