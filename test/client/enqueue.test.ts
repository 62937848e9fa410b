// Accepting jobs: what is checked before anything is sent, what the answer says, and how calls travel together.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  EngineClosed,
  EngineUnavailable,
  InvalidInput,
  PayloadTooLarge,
  UniqueConflict,
  attach,
  connect,
  flow,
  task,
  type Engine,
} from "longshore";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";
import { withCommands } from "../worker/fixtures/fake-time-fixture.js";

const scan = task("scan", {
  queue: "scans",
  input: z.object({ url: z.string(), pages: z.array(z.object({ depth: z.number() })).optional() }),
  attempts: 4,
  tags: ["kind:scan"],
});
const plain = task("plain", { queue: "plain" });

onEveryEngine("enqueue", (storage) => {
  it("accepts a job with the options of queue, task and call, the later winning", async () => {
    const longshore = await storage.connect({
      defaults: { queues: { scans: { attempts: 2, timeout: "1m", priority: 7 } } },
    });

    const job = await longshore.enqueue(scan, { url: "a" }, { priority: 3, tags: ["user:42"], meta: { by: "me" } });

    expect(job).toMatchObject({ queue: "scans", outcome: "created" });
    expect(await job.refresh()).toMatchObject({
      task: "scan",
      state: "queued",
      input: { url: "a" },
      attempts: 4,
      timeout: 60_000,
      priority: 3,
      tags: ["kind:scan", "user:42"],
      meta: { by: "me" },
    });
  });

  it("answers the existing job when an id is given again", async () => {
    const longshore = await storage.connect();

    const first = await longshore.enqueue(scan, { url: "a" }, { id: "job_abc123" });
    const again = await longshore.enqueue(scan, { url: "b" }, { id: "job_abc123" });

    expect([first.outcome, again.outcome, again.id]).toEqual(["created", "existing", "job_abc123"]);
    expect((await again.refresh()).input).toEqual({ url: "a" });
  });

  it("joins the job that holds a unique key, or throws with its id", async () => {
    const longshore = await storage.connect();
    const first = await longshore.enqueue(scan, { url: "a" }, { unique: { key: "a" } });

    const joined = await longshore.enqueue(scan, { url: "a" }, { unique: { key: "a" } });
    const refused = longshore.enqueue(scan, { url: "a" }, { unique: { key: "a", onConflict: "reject" } });

    expect(joined).toMatchObject({ id: first.id, outcome: "joined" });
    await expect(refused).rejects.toThrow(UniqueConflict);
    await expect(refused).rejects.toMatchObject({ owner: first.id });
  });

  it("accepts thousands in one call, in order, with options of their own", async () => {
    const longshore = await storage.connect();
    const inputs = Array.from({ length: 1_203 }, (_, n) => ({ url: `u${n}` }));

    const jobs = await longshore.enqueueMany(scan, inputs, {
      tags: ["batch:7"],
      each: ({ url }, index) => ({ id: `scan-${index}-${url}` }),
    });

    expect(jobs.map(({ id }) => id)).toEqual(inputs.map(({ url }, index) => `scan-${index}-${url}`));
    expect(await longshore.queue("scans").getWaitingCount()).toBe(1_203);
    expect(await jobs[1_202]?.refresh()).toMatchObject({ input: { url: "u1202" }, tags: ["kind:scan", "batch:7"] });
    expect(await jobs[700]?.position()).toBe(701);
  });

  it("accepts the list as it was when it was called", async () => {
    const longshore = await connect("memory:");
    const buffer = Array.from({ length: 3_000 }, (_, n) => `input ${n}`);

    const accepted = longshore.enqueueMany(plain, buffer);
    buffer.length = 0;

    expect((await (await accepted)[2_999]?.refresh())?.input).toBe("input 2999");
    await longshore.close();
  });

  it("sends nothing more once a chunk has failed, and is over when it says so", async () => {
    const memory = new MemoryEngine();
    let calls = 0;
    const engine = withCommands(memory, {
      enqueue: async (params) => {
        calls += 1;
        await new Promise((resolve) => setImmediate(resolve));
        if (calls === 4) throw new InvalidInput("jobs", calls, "fewer chunks");
        return memory.enqueue(params);
      },
    });
    const longshore = attach(engine);

    await expect(longshore.enqueueMany(plain, Array.from({ length: 5_000 }, String))).rejects.toThrow(InvalidInput);

    const seen = calls;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(calls).toBe(seen);
    expect(seen).toBeLessThan(20);
    await longshore.close();
  });

  it("is finished by close() before the engine is let go", async () => {
    const longshore = await connect("memory:");
    const accepted = longshore.enqueueMany(plain, Array.from({ length: 3_000 }, String));
    await longshore.close();

    expect(await accepted).toHaveLength(3_000);
  });

  it("marks what a held key refused among many, and accepts the rest", async () => {
    const longshore = await storage.connect();
    const unique = { key: "k", onConflict: "reject" } as const;

    const jobs = await longshore.enqueueMany(scan, [{ url: "a" }, { url: "b" }, { url: "c" }], {
      each: ({ url }) => (url === "c" ? undefined : { unique }),
    });

    expect(jobs.map(({ outcome }) => outcome)).toEqual(["created", "rejected", "created"]);
    expect(jobs[1]?.id).toBe(jobs[0]?.id);
  });

  it("holds a job until it is released", async () => {
    const longshore = await storage.connect();
    const job = await longshore.enqueue(scan, { url: "a" }, { hold: true });
    expect((await job.refresh()).state).toBe("blocked");

    expect(await job.release()).toBe("queued");
  });
});

describe("what is refused", () => {
  it.each<[what: string, input: unknown, options: object, field: string]>([
    ["a field the schema refuses", { url: 7 }, {}, "input.url"],
    ["a field inside a list", { url: "a", pages: [{ depth: 1 }, { depth: "two" }] }, {}, "input.pages[1].depth"],
    ["a bad duration", { url: "a" }, { delay: "soon" }, "delay"],
    ["an unknown option", { url: "a" }, { dealy: 5 }, "dealy"],
    ["a bad queue name", { url: "a" }, { queue: "no spaces" }, "queue"],
    ["a bad id", { url: "a" }, { id: "no spaces" }, "id"],
  ])("is %s, and nothing is queued", async (_what, input, options, field) => {
    const longshore = await connect("memory:");

    // Wrong on purpose: as it may come from JavaScript, or from a request.
    const refused = longshore.enqueue(scan, input as { url: string }, options);
    await expect(refused).rejects.toThrow(InvalidInput);
    await expect(refused).rejects.toMatchObject({ field });
    await expect(longshore.enqueueMany(scan, [{ url: "fine" }, input as { url: string }], options)).rejects.toThrow(
      InvalidInput,
    );
    expect(await longshore.queues()).toEqual([]);

    await longshore.close();
  });

  it("is an input over the cap, or one that JSON would change", async () => {
    const longshore = await connect("memory:", { payloadCap: 100 });
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;

    await expect(longshore.enqueue(plain, "x".repeat(100))).rejects.toThrow(PayloadTooLarge);
    await expect(longshore.enqueue(plain, circular)).rejects.toMatchObject({ field: "input.self" });
    await expect(longshore.enqueue(plain, { n: Number.NaN })).rejects.toMatchObject({ field: "input.n" });

    await longshore.close();
  });

  it("is an asynchronous schema's refusal as well", async () => {
    const longshore = await connect("memory:");
    const checked = task("checked", {
      input: z.string().refine(async (text) => Promise.resolve(text !== "taken"), "is taken"),
    });

    await expect(longshore.enqueue(checked, "taken")).rejects.toMatchObject({ field: "input", rule: "is taken" });
    expect((await longshore.enqueue(checked, "free")).outcome).toBe("created");

    await longshore.close();
  });

  it.each([
    ["a function", () => 1],
    ["what an import in a circle has not made yet", undefined],
    ["nothing", null],
    ["what only looks like one", { name: "scan" }],
  ])("is %s for a task", async (_what, mistaken) => {
    const longshore = await connect("memory:");
    const wrong = mistaken as unknown as string;

    for (const refused of [longshore.enqueue(wrong, 1), longshore.enqueueMany(wrong, [1])]) {
      await expect(refused).rejects.toThrow(/^task: .* is not allowed: it must be a task, or the name of one/);
    }
    expect(await longshore.queues()).toEqual([]);

    await longshore.close();
  });

  it("is a flow for many jobs of a task", async () => {
    const longshore = await connect("memory:");
    const many = flow("many", ($) => void $("scan"));

    await expect(longshore.enqueueMany(many as unknown as string, [1])).rejects.toThrow(/^task: .* is not allowed/);

    await longshore.close();
  });

  it("is a task or a connection that is set up wrong", async () => {
    expect(() => task("no spaces")).toThrow(InvalidInput);
    expect(() => task("t", { attempts: 0 })).toThrow("options.attempts");
    await expect(connect("mysql://localhost")).rejects.toThrow(InvalidInput);
    await expect(connect("memory:", { payloadCap: 2 ** 21 })).rejects.toThrow("payloadCap");
    await expect(connect("memory:", { defaults: { queues: { q: { attempts: 0 } } } })).rejects.toThrow(
      "defaults.queues.q.attempts",
    );
  });
});

describe("travelling together", () => {
  it("sends the calls of one turn in one command, in order", async () => {
    const { longshore, batches } = recording(new MemoryEngine());

    const jobs = await Promise.all(Array.from({ length: 50 }, (_, n) => longshore.enqueue(plain, n)));

    expect(batches).toEqual([50]);
    const inputs = await Promise.all(jobs.map(async (job) => (await job.refresh()).input));
    expect(inputs).toEqual(Array.from({ length: 50 }, (_, n) => n));
    await longshore.close();
  });

  it("gathers the calls made while two commands are on their way, 250 at most in one", async () => {
    const answers: (() => void)[] = [];
    const { longshore, batches } = recording(
      new MemoryEngine(),
      () => new Promise<void>((resolve) => answers.push(resolve)),
    );
    const first = longshore.enqueue(plain, 0);
    await expect.poll(() => answers.length).toBe(1);

    const others = Array.from({ length: 400 }, (_, n) => longshore.enqueue(plain, n));
    await expect.poll(() => batches).toEqual([1, 250]);
    answers[0]?.();
    await expect.poll(() => batches).toEqual([1, 250, 150]);
    for (const answer of answers) answer();
    await Promise.all([first, ...others]);

    await longshore.close();
  });

  it("keeps a few calls back while a command is on its way, so that they travel together", async () => {
    const answers: (() => void)[] = [];
    const { longshore, batches } = recording(
      new MemoryEngine(),
      () => new Promise<void>((resolve) => answers.push(resolve)),
    );
    const calls = [longshore.enqueue(plain, 0)];
    await expect.poll(() => answers.length).toBe(1);

    for (let n = 1; n <= 5; n += 1) {
      calls.push(longshore.enqueue(plain, n));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(batches).toEqual([1]);
    answers[0]?.();
    await expect.poll(() => batches).toEqual([1, 5]);
    answers[1]?.();
    await Promise.all(calls);
    await longshore.close();
  });

  it("cuts the calls of callers that were answered together in two, so that engine and client work in turn", async () => {
    const { longshore, batches } = recording(new MemoryEngine());
    const rounds = Array.from({ length: 40 }, async (_, n) => {
      for (let round = 0; round < 3; round += 1) await longshore.enqueue(plain, n);
    });
    await Promise.all(rounds);

    expect(batches.slice(0, 3)).toEqual([40, 20, 20]);
    expect(batches.reduce((sum, size) => sum + size, 0)).toBe(120);
    await longshore.close();
  });

  it("tries again once or twice when there is no answer, without a second effect", async () => {
    let failures = 1;
    const memory = new MemoryEngine();
    const longshore = attach(
      withCommands(memory, {
        enqueue: (params) => {
          const answer = memory.enqueue(params);
          if (failures > 0) {
            failures -= 1;
            throw new EngineUnavailable("redis://localhost:6379", "the answer was lost");
          }
          return answer;
        },
      }),
    );

    const job = await longshore.enqueue(plain, 1, { id: "mine" });

    expect(job.outcome).toBe("created");
    expect(await longshore.queue("plain").getWaitingCount()).toBe(1);
    await longshore.close();
  });

  it("gives up after that, and tells every caller", async () => {
    const memory = new MemoryEngine();
    let sent = 0;
    const longshore = attach(
      withCommands(memory, {
        enqueue: () => {
          sent += 1;
          throw new EngineUnavailable("redis://localhost:6379", "connection refused");
        },
      }),
    );

    const calls = await Promise.allSettled([longshore.enqueue(plain, 1), longshore.enqueue(plain, 2)]);

    expect(sent).toBe(3);
    for (const call of calls)
      expect(call).toMatchObject({ status: "rejected", reason: { code: "ENGINE_UNAVAILABLE" } });
    await longshore.close();
  });
});

describe("connections", () => {
  it("live side by side, each with its own jobs", async () => {
    const [a, b] = [await connect("memory:"), await connect("memory:")];
    await a.enqueue(plain, 1);

    expect(await a.queue("plain").getWaitingCount()).toBe(1);
    expect(await b.queue("plain").getWaitingCount()).toBe(0);
    await Promise.all([a.close(), b.close()]);
  });

  it("refuse everything once they are closed, and may be closed twice", async () => {
    const longshore = await connect("memory:");
    const waiting = (await longshore.enqueue(plain, 1)).result();
    waiting.catch(() => {});
    await longshore.close();
    await longshore.close();

    await expect(waiting).rejects.toThrow(EngineClosed);
    await expect(longshore.enqueue(plain, 1)).rejects.toThrow(EngineClosed);
    expect(() => longshore.worker([plain])).toThrow(EngineClosed);
  });
});

function recording(memory: MemoryEngine, before: () => Promise<void> = () => Promise.resolve()) {
  const batches: number[] = [];
  const engine: Engine = withCommands(memory, {
    enqueue: async (params) => {
      batches.push(params.jobs.length);
      await before();
      return memory.enqueue(params);
    },
  });
  return { longshore: attach(engine), batches };
}
