// An observed engine: it passes the conformance suite as the one inside does, and reports every command without its payload.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BUCKETS, CommandStatistics, MOST_CODES, OTHER_CODES } from "../../src/engine/command-statistics.js";
import type { Engine, LeaseRef } from "../../src/engine/contract/engine.js";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import { observe } from "../../src/engine/observed.js";
import type { EngineObserver, ObservedCommand } from "../../src/engine/observer.js";
import { SqliteEngine } from "../../src/engine/sqlite/engine.js";
import { ManualClock, runConformance, type TestSetup } from "../../src/engine/testkit/index.js";
import { ScenarioContext } from "../../src/engine/testkit/context/scenario-context.js";
import { plainFailure } from "../../src/model/failure/failure.js";

/** One of any kind: its type does not say that a function must not be asynchronous. */
function observer(ended: (command: ObservedCommand) => unknown): EngineObserver {
  return { ended };
}

const THROWING = observer(() => {
  throw new Error("the observer");
});

/** The memory engine as its own conformance test has it, behind this observer. */
function observed(observer: EngineObserver): TestSetup {
  return {
    capabilities: [],
    create: () => {
      let engine: Engine | null = null;
      return {
        connect: (clock) => (engine ??= observe(new MemoryEngine({ clock }), observer, clock)),
        dispose: () => {},
      };
    },
  };
}

class Recorder implements EngineObserver {
  readonly commands: ObservedCommand[] = [];

  ended(command: ObservedCommand): void {
    this.commands.push(command);
  }

  /** The reports since the last call. */
  take(): ObservedCommand[] {
    return this.commands.splice(0);
  }
}

async function recordedContext(): Promise<{ context: ScenarioContext; recorder: Recorder }> {
  const recorder = new Recorder();
  return { context: await ScenarioContext.create(await observed(recorder).create()), recorder };
}

/** The methods of an object, as its class and those that it extends have them. */
function methodsOf(object: object): string[] {
  const names = new Set<string>();
  for (let one: unknown = Object.getPrototypeOf(object); one instanceof Object && one !== Object.prototype;) {
    for (const name of Object.getOwnPropertyNames(one)) names.add(name);
    one = Object.getPrototypeOf(one);
  }
  names.delete("constructor");
  return [...names].toSorted();
}

/** The commands of an engine. */
const COMMANDS = methodsOf(new MemoryEngine());

/** Calls a command with parameters that fit none. */
function call(engine: Engine, command: string, params: object = {}): unknown {
  return Reflect.apply(Reflect.get(engine, command) as () => unknown, engine, [params]);
}

/** How a call ended, and whether it did so at once. */
async function endOf(work: () => unknown): Promise<{ atOnce: boolean; code: unknown }> {
  let answer: unknown;
  try {
    answer = work();
  } catch (error) {
    return { atOnce: true, code: Reflect.get(error as Error, "code") };
  }
  if (!(answer instanceof Promise)) return { atOnce: true, code: null };
  return answer.then(
    () => ({ atOnce: false, code: null }),
    (error: Error) => ({ atOnce: false, code: Reflect.get(error, "code") }),
  );
}

const never = (): AbortSignal => new AbortController().signal;

describe("the memory engine behind an observer that throws", () => {
  runConformance({ describe, it }, observed(THROWING));
});

describe("an observed engine", () => {
  it.each(COMMANDS)(
    "%s answers or fails as it does inside, at once or later, and is reported once",
    async (command) => {
      const recorder = new Recorder();
      const closed = new MemoryEngine();
      closed.close();
      const params = { queues: [], refs: [], timeout: 0, signal: never() };
      const bare = await endOf(() => call(closed, command, params));
      const told = await endOf(() => call(observe(closed, recorder), command, params));
      expect(told).toEqual(bare);
      expect(recorder.commands).toMatchObject([{ command, error: bare.code === undefined ? "ERROR" : bare.code }]);
    },
  );

  it("has the commands of the engine and no other", () => {
    const names = methodsOf(observe(new MemoryEngine(), new Recorder()));
    const others = new Set(["info", "identity"]);
    expect(names.filter((name) => !others.has(name))).toEqual(COMMANDS);
  });

  it("says what the engine is, and names its storage once it is open", async () => {
    const memory = new MemoryEngine();
    expect(observe(memory, new Recorder())).toMatchObject({ info: memory.info, identity: null });

    const folder = await mkdtemp(
      join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-observed-`),
    );
    const target = {
      engine: "sqlite",
      path: join(folder, "jobs.db"),
      durability: "normal",
      allowNetwork: false,
    } as const;
    const sqlite = new SqliteEngine(target, { existing: false });
    const engine = observe(sqlite, new Recorder());
    expect(engine.identity).toBeNull();
    await engine.open();
    expect(engine.identity).toEqual(expect.any(String));
    expect(engine.identity).toBe(sqlite.identity);
    await engine.close();
    await rm(folder, { recursive: true });
  });

  it("reports how many jobs, settlements, leases and events a command carried", async () => {
    const { context, recorder } = await recordedContext();
    const { engine } = context;
    const { cursor } = await engine.watch({ queue: "main", cursor: null, max: 3 });
    await engine.enqueue({ jobs: [context.spec(), context.spec(), context.spec()] });
    const session = await context.session();
    const [first] = await session.claim(2);
    recorder.take();
    await session.exchange([{ ...ref(first), outcome: { kind: "complete", result: null } }], { max: 1 });
    await session.exchange();
    await engine.getJobs({ refs: [ref(first)] });
    await engine.watch({ queue: "main", cursor, max: 3 });
    await engine.now();
    expect(recorder.take().map(({ command, carried }) => [command, carried])).toEqual([
      ["exchange", { settlements: 1, leases: 1 }],
      ["exchange", { settlements: 0, leases: 0 }],
      ["getJobs", { jobs: 1 }],
      ["watch", { events: 3 }],
      ["now", {}],
    ]);
    await context.dispose();
  });

  it("counts what was handed over when it was, whatever becomes of it meanwhile", async () => {
    const recorder = new Recorder();
    const memory = new MemoryEngine();
    // One that answers later, as Redis does.
    const later: Engine = Object.assign(Object.create(memory) as Engine, {
      enqueue: async (params: Parameters<Engine["enqueue"]>[0]) => memory.enqueue(params),
    });
    const { context } = await recordedContext();
    const jobs = [context.spec(), context.spec()];
    const answer = observe(later, recorder).enqueue({ jobs });
    jobs.length = 0;
    await answer;
    expect(recorder.commands).toMatchObject([{ command: "enqueue", carried: { jobs: 2 } }]);
  });

  it("measures on the monotonic clock: a date that is set back takes no time away", async () => {
    const clock = new ManualClock();
    const recorder = new Recorder();
    const memory = new MemoryEngine({ clock });
    const slow: Engine = Object.assign(Object.create(memory) as Engine, {
      queues: () => {
        clock.step(-3_600_000);
        clock.advance(30);
        return [];
      },
      workers: async () => {
        await Promise.resolve();
        clock.advance(70);
        throw new TypeError("broken");
      },
    });
    const engine = observe(slow, recorder, clock);
    await engine.queues();
    await expect(engine.workers()).rejects.toThrow("broken");
    expect(recorder.commands).toMatchObject([
      { command: "queues", durationMs: 30, error: null },
      { command: "workers", durationMs: 70, error: "ERROR" },
    ]);
  });

  it("reports each kind of wait, and one that a signal ends is no failure", async () => {
    const { context, recorder } = await recordedContext();
    const { engine, clock } = context;
    await engine.watch({ queue: "main", cursor: null, max: 1 });
    recorder.take();
    const stop = new AbortController();
    const work = engine.awaitWork({ queues: ["main"], timeout: 5_000, signal: never() });
    const events = engine.awaitEvents({ queues: [{ queue: "main", cursor: 0 }], timeout: 60_000, signal: stop.signal });
    expect(recorder.take()).toEqual([]);
    clock.advance(5_000);
    await work;
    clock.advance(1_000);
    stop.abort();
    await events;
    expect(recorder.take()).toEqual([
      { command: "awaitWork", waiting: true, durationMs: 5_000, carried: {}, error: null },
      { command: "awaitEvents", waiting: true, durationMs: 6_000, carried: {}, error: null },
    ]);
    await context.dispose();
    expect(recorder.commands).toMatchObject([{ command: "close", waiting: false }]);
  });

  it("hands out the engine's own function to end a subscription", async () => {
    const { context } = await recordedContext();
    const heard: unknown[] = [];
    await context.engine.enqueue({ jobs: [context.spec()] });
    const session = await context.session();
    const stop = await context.engine.onRevoked({
      session: session.id,
      queues: ["main"],
      listener: (lease) => heard.push(lease.id),
    });
    const { queue, id } = await session.next();
    await context.engine.cancel({ refs: [{ queue, id }], op: "1" });
    expect(heard).toEqual([id]);
    stop();
    await context.engine.enqueue({ jobs: [context.spec()] });
    const next = await session.next();
    await context.engine.cancel({ refs: [{ queue, id: next.id }], op: "2" });
    expect(heard).toEqual([id]);
    await context.dispose();
  });

  it("reports the code of an error and nothing else of it", async () => {
    const recorder = new Recorder();
    const secret = "redis://user:hunter2@host";
    const codes: unknown[] = ["ENGINE_UNAVAILABLE", "ECONNREFUSED", secret, "A".repeat(61), 7, undefined];
    const thrown: unknown[] = codes.map((code) => Object.assign(new Error(secret), { code }));
    const trap = Object.defineProperty(new Error(secret), "code", {
      get: () => {
        throw new Error(secret);
      },
    });
    for (const error of [...thrown, trap, secret, null]) {
      const broken: Engine = Object.assign(Object.create(new MemoryEngine()) as Engine, {
        queues: () => {
          throw error;
        },
      });
      let caught: unknown = "nothing";
      try {
        await observe(broken, recorder).queues();
      } catch (e) {
        caught = e;
      }
      expect(caught).toBe(error);
    }
    const told = recorder.commands.map(({ error }) => error);
    expect(told).toEqual(["ENGINE_UNAVAILABLE", "ECONNREFUSED", ...Array.from({ length: 7 }, () => "ERROR")]);
    expect(JSON.stringify(recorder.commands)).not.toContain("hunter2");
  });

  it.each([
    ["throws", THROWING],
    ["rejects", observer(() => Promise.reject(new Error("the observer")))],
    ["is none", observer(undefined as never)],
  ])("an observer that %s is not noticed", async (_what, observer: EngineObserver) => {
    const engine = observe(new MemoryEngine(), observer);
    expect(await engine.queues()).toEqual([]);
    expect(await engine.awaitWork({ queues: [], timeout: 0, signal: never() })).toBeNull();
    await engine.close();
    expect(() => engine.queues()).toThrow(expect.objectContaining({ code: "ENGINE_CLOSED" }));
    // An unhandled rejection would have reached the process by now.
    await new Promise((resolve) => setImmediate(resolve));
  });

  it("never reports a payload: only names, numbers and codes", async () => {
    const { context, recorder } = await recordedContext();
    const { engine } = context;
    const secret = "hunter2";
    const text = JSON.stringify({ secret });
    await engine.enqueue({
      jobs: [context.spec({ input: text, meta: text, tags: [secret] }), context.spec({ input: text })],
    });
    const session = await context.session();
    const [first, second] = await session.claim(2);
    const refs = [ref(first), ref(second)];
    await session.report(ref(first), { meta: text, lines: [{ at: 0, message: secret, level: "info" }] });
    await session.exchange([
      { ...ref(first), outcome: { kind: "complete", result: text } },
      { ...ref(second), outcome: { kind: "fail", error: plainFailure("Error", secret, secret), retryIn: null } },
    ]);
    await engine.getJobs({ refs });
    await engine.listJobs({ filter: { tag: secret }, cursor: null, limit: 10 });
    await engine.logs(ref(first));
    expect(recorder.commands.map(({ command }) => command)).toContain("logs");
    expect(JSON.stringify(recorder.commands)).not.toContain(secret);
    await context.dispose();
  });
});

describe("the statistics of commands", () => {
  it("count calls and failures, and say how long they took", () => {
    const statistics = new CommandStatistics();
    expect(statistics.snapshot()).toEqual([]);
    for (const ms of [1, 2, 3, 94]) statistics.ended(ended(ms));
    statistics.ended(ended(20_000, "ENGINE_UNAVAILABLE"));
    statistics.ended({ command: "awaitWork", waiting: true, durationMs: 60_000, carried: {}, error: null });
    const [wait, enqueue] = statistics.snapshot();
    expect(wait).toMatchObject({ command: "awaitWork", waiting: true, calls: 1, failures: 0, max: 60_000 });
    expect(enqueue).toMatchObject({ command: "enqueue", waiting: false, calls: 5, failures: 1 });
    expect(enqueue).toMatchObject({ errors: { ENGINE_UNAVAILABLE: 1 }, total: 20_100, mean: 4_020, max: 20_000 });
    expect(enqueue).toMatchObject({ p50: 5, p95: 20_000, p99: 20_000 });
    const buckets = new Map(BUCKETS.map((bound, index) => [bound, enqueue?.buckets[index]]));
    expect([1, 2.5, 5, 100, 10_000].map((bound) => buckets.get(bound))).toEqual([1, 1, 1, 1, 0]);
    expect(enqueue?.buckets.at(-1)).toBe(1);
  });

  it("a percentile is no less than what was measured, and no more than the longest", () => {
    const statistics = new CommandStatistics();
    for (let ms = 1; ms <= 100; ms += 1) statistics.ended(ended(ms));
    expect(statistics.snapshot()).toMatchObject([{ p50: 50, p95: 100, p99: 100 }]);
    const short = new CommandStatistics();
    short.ended(ended(0.07));
    expect(short.snapshot()).toMatchObject([{ p50: 0.07, p99: 0.07 }]);
  });

  it("a snapshot stays what it was", () => {
    const statistics = new CommandStatistics();
    statistics.ended(ended(1));
    const [before] = statistics.snapshot();
    statistics.ended(ended(1, "ENGINE_CLOSED"));
    expect(before).toMatchObject({ calls: 1, failures: 0, errors: {} });
    expect(before?.buckets.reduce((sum, count) => sum + count, 0)).toBe(1);
  });

  it("do not grow, however many codes and commands there are", () => {
    const statistics = new CommandStatistics();
    for (let n = 0; n < 10_000; n += 1) statistics.ended(ended(n, `E_${n}`));
    const [figures] = statistics.snapshot();
    expect(Object.keys(figures?.errors ?? {})).toHaveLength(MOST_CODES + 1);
    expect(figures).toMatchObject({ failures: 10_000, errors: { E_0: 1, [OTHER_CODES]: 10_000 - MOST_CODES } });
    expect(figures?.buckets).toHaveLength(BUCKETS.length + 1);
  });
});

/** An enqueue that took so long. */
function ended(durationMs: number, error: string | null = null): ObservedCommand {
  return { command: "enqueue", waiting: false, durationMs, carried: {}, error };
}

/** The lease by its name. */
function ref(lease: LeaseRef | undefined): LeaseRef {
  if (lease === undefined) throw new Error("nothing was leased");
  const { queue, id, epoch } = lease;
  return { queue, id, epoch };
}
