// The rules of a pool, with workers that live and die as the test says, and time that passes when it says so.
import { beforeEach, describe, expect, it } from "vitest";
import { Pool } from "../../../src/cli/pool/worker-pool.js";
import type { WorkerExit, WorkerListener, WorkerProcess } from "../../../src/cli/pool/worker-process.js";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";

/** A worker that does nothing by itself. */
class StillWorker implements WorkerProcess {
  readonly heard: string[] = [];
  lives = true;
  isReady = true;
  readonly name: string;
  readonly pid: number;
  readonly #listener: WorkerListener;

  constructor(name: string, pid: number, listener: WorkerListener) {
    this.name = name;
    this.pid = pid;
    this.#listener = listener;
  }

  order(order: string): void {
    this.heard.push(order);
  }

  async ready(): Promise<boolean> {
    return this.lives && this.isReady;
  }

  kill(): void {
    this.heard.push("kill");
    this.ends({ code: null, signal: "SIGKILL" });
  }

  starts(): void {
    this.#listener.started();
  }

  ends(exit: Partial<WorkerExit>): void {
    this.lives = false;
    this.#listener.ended({ code: 0, signal: null, error: null, reason: null, ...exit });
  }
}

const GRACE = 30_000;
let clock: ManualClock;
let all: StillWorker[];
let most = 0;
let logged: { level: string; message: string; [field: string]: unknown }[];
let pool: Pool;
let code: number | null;

const living = (): StillWorker[] => all.filter(({ lives }) => lives);
const names = (): string[] => living().map(({ name }) => name);
const newest = (): StillWorker => all.at(-1) as StillWorker;
const said = (message: RegExp) => logged.filter((line) => message.test(line.message));

/** Lets promises run their course. */
const rest = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function makePool(size: number): void {
  clock = new ManualClock();
  all = [];
  most = 0;
  logged = [];
  code = null;
  pool = new Pool({
    names: Array.from({ length: size }, (_, index) => `web-${index + 1}`),
    start(name, listener) {
      const worker = new StillWorker(name, all.length + 1, listener);
      all.push(worker);
      most = Math.max(most, living().length);
      return worker;
    },
    clock,
    log: { write: (level, message, fields) => void logged.push({ ...fields, level, message }) },
    grace: GRACE,
    facts: {},
  });
  void pool.finished.then((ended) => (code = ended));
  pool.start();
}

/** A pool whose workers all take work. */
function openPool(size: number): void {
  makePool(size);
  newest().starts();
  for (const worker of all.slice(1)) worker.starts();
}

describe("a pool that starts", () => {
  it("starts one worker, and the others when that one takes work", () => {
    makePool(3);
    expect(names()).toEqual(["web-1"]);
    newest().starts();
    expect(names()).toEqual(["web-1", "web-2", "web-3"]);
    expect(said(/Pool started/)).toHaveLength(1);
  });

  it("ends with the code of a worker that cannot be started as it was asked for", async () => {
    makePool(3);
    newest().ends({ code: 2 });
    clock.advance(3_600_000);
    await rest();
    expect({ code, started: all.length, logged }).toEqual({ code: 2, started: 1, logged: [] });
  });

  it("tries again when the first worker fails for another cause, such as an engine that is down", async () => {
    makePool(2);
    newest().ends({ code: 1 });
    clock.advance(999);
    expect(names()).toEqual([]);
    clock.advance(1);
    expect(names()).toEqual(["web-1"]);
    newest().starts();
    expect(names()).toEqual(["web-1", "web-2"]);
    await rest();
    expect(code).toBeNull();
  });
});

describe("a pool that is asked whether it is ready", () => {
  it("is so while one of its workers takes jobs", async () => {
    makePool(2);
    expect(await pool.ready()).toBe(false);
    newest().starts();
    expect(await pool.ready()).toBe(true);
    newest().starts();
    for (const worker of all) worker.isReady = false;
    expect(await pool.ready()).toBe(false);
    newest().isReady = true;
    expect(await pool.ready()).toBe(true);
  });

  it("is not once it stops", async () => {
    openPool(2);
    pool.stop({ signal: "SIGTERM" });
    expect(await pool.ready()).toBe(false);
  });
});

describe("a worker that ends", () => {
  it.each(["maxJobs", "maxRss", "stop"] as const)("by itself (%s) is replaced at once", (reason) => {
    openPool(2);
    all[0]?.ends({ reason });
    expect(names()).toEqual(["web-2", "web-1"]);
    expect(said(/Worker replaced/)).toMatchObject([{ level: "info", worker: "web-1", pid: 1, reason }]);
  });

  it.each([
    ["SIGKILL", { code: null, signal: "SIGKILL" }],
    ["ended with code 1", { code: 1 }],
    ["ended with code 2", { code: 2 }],
    ["ended with code 0 without being stopped", { code: 0, reason: null }],
    ["spawn EAGAIN", { code: null, error: new Error("spawn EAGAIN") }],
  ] as const)("by dying (%s) is replaced after a second, and the log says why", (why, exit) => {
    openPool(2);
    all[0]?.ends(exit);
    expect(names()).toEqual(["web-2"]);
    expect(said(/Worker died/)).toMatchObject([
      { level: "error", worker: "web-1", pid: 1, why, deaths: 1, restartInMs: 1_000 },
    ]);
    clock.advance(1_000);
    expect(names()).toEqual(["web-2", "web-1"]);
  });

  it("by dying again and again is replaced more and more slowly, until one lives for a minute", () => {
    openPool(1);
    const waits: unknown[] = [];
    for (let death = 1; death <= 7; death += 1) {
      newest().ends({ code: 1 });
      const [{ restartInMs, deaths } = {}] = said(/Worker died/).slice(-1) as Partial<Record<string, unknown>>[];
      expect(deaths).toBe(death);
      waits.push(restartInMs);
      clock.advance(30_000);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);

    clock.advance(60_000);
    newest().ends({ code: 1 });
    expect(said(/Worker died/).at(-1)).toMatchObject({ restartInMs: 1_000 });
  });

  it.each(["burst", "maxIdle"] as const)(
    "for want of work (%s) is not replaced, and the pool ends with the last",
    async (reason) => {
      openPool(2);
      all[0]?.ends({ reason });
      clock.advance(60_000);
      await rest();
      expect({ names: names(), code }).toEqual({ names: ["web-2"], code: null });
      newest().ends({ code: 1 });
      clock.advance(1_000);
      newest().ends({ reason });
      await rest();
      expect({ names: names(), code }).toEqual({ names: [], code: 0 });
    },
  );
});

describe("a restart", () => {
  it("drains a worker, starts its successor and waits until that takes work, one after the other", async () => {
    openPool(3);
    const old = [...all];
    void pool.restart();
    for (const [index, worker] of old.entries()) {
      await rest();
      expect(old.map(({ heard }) => heard.length)).toEqual(old.map((_, other) => (other <= index ? 1 : 0)));
      expect(worker.heard).toEqual(["drain"]);
      worker.ends({ reason: "stop" });
      await rest();
      expect(newest()).toMatchObject({ name: worker.name, lives: true });
      newest().starts();
    }
    await rest();
    expect({ most, names: names() }).toEqual({ most: 3, names: ["web-1", "web-2", "web-3"] });
    expect(said(/Pool restarted/)).toHaveLength(1);
  });

  it("goes no further when the new worker does not start, and tries again in that place only", async () => {
    openPool(2);
    void pool.restart();
    all[0]?.ends({ reason: "stop" });
    await rest();
    newest().ends({ code: 2 });
    await rest();
    expect(all[1]?.heard).toEqual([]);
    expect(said(/Pool stopped restarting/)).toMatchObject([{ level: "error" }]);
    clock.advance(1_000);
    expect(names()).toEqual(["web-2", "web-1"]);
  });

  it("starts a worker at once that waits because the last ones died", async () => {
    openPool(1);
    newest().ends({ code: 1 });
    void pool.restart();
    await rest();
    expect(names()).toEqual(["web-1"]);
    clock.advance(60_000);
    expect(names()).toEqual(["web-1"]);
  });

  it("that is asked for during another follows it", async () => {
    openPool(1);
    const followed = pool.restart();
    void pool.restart();
    void pool.restart();
    for (let round = 1; round <= 2; round += 1) {
      newest().ends({ reason: "stop" });
      await rest();
      newest().starts();
      await rest();
    }
    await followed;
    expect(all).toHaveLength(3);
    expect(newest().heard).toEqual([]);
  });

  it("kills a worker that does not go", async () => {
    openPool(1);
    void pool.restart();
    clock.advance(GRACE + 9_999);
    expect(all[0]?.heard).toEqual(["drain"]);
    clock.advance(1);
    await rest();
    expect(all[0]?.heard).toEqual(["drain", "kill"]);
    expect(names()).toEqual(["web-1"]);
  });
});

describe("a pool that stops", () => {
  beforeEach(() => openPool(3));

  it("drains all workers at once and ends with 0 when they have ended well", async () => {
    pool.stop({});
    expect(all.map(({ heard }) => heard)).toEqual([["drain"], ["drain"], ["drain"]]);
    for (const worker of all) {
      await rest();
      expect(code).toBeNull();
      worker.ends({ reason: "stop" });
    }
    await rest();
    clock.advance(3_600_000);
    expect({ code, started: all.length }).toEqual({ code: 0, started: 3 });
  });

  it("ends with 1 when one has not", async () => {
    pool.stop({});
    for (const worker of all) worker.ends(worker.name === "web-2" ? { code: 1 } : {});
    await rest();
    expect(code).toBe(1);
  });

  it("kills what is still there ten seconds after the grace", async () => {
    pool.stop({});
    all[0]?.ends({});
    clock.advance(GRACE + 10_000);
    await rest();
    expect(all.map(({ heard }) => heard.at(-1))).toEqual(["drain", "kill", "kill"]);
    expect(code).toBe(1);
  });

  it("hurries at the second signal, and kills ten seconds later", async () => {
    pool.stop({});
    pool.stop({});
    expect(all.map(({ heard }) => heard)).toEqual([1, 2, 3].map(() => ["drain", "hurry"]));
    clock.advance(9_999);
    expect(names()).toHaveLength(3);
    clock.advance(1);
    await rest();
    expect({ names: names(), code }).toEqual({ names: [], code: 1 });
  });

  it("hurries once: signals that go on coming do not put off the end of a worker that hangs", async () => {
    pool.stop({});
    for (let second = 1; second <= 11; second += 1) {
      pool.stop({});
      clock.advance(1_000);
    }
    await rest();
    expect(all.map(({ heard }) => heard)).toEqual([1, 2, 3].map(() => ["drain", "hurry", "kill"]));
    expect(code).toBe(1);
  });

  it("starts no more workers: neither one that waits for its restart nor one that was about to be replaced", async () => {
    all[0]?.ends({ code: 1 });
    void pool.restart();
    await rest();
    newest().starts();
    await rest();
    expect(all[1]?.heard).toEqual(["drain"]);
    all[2]?.ends({ code: 1 });
    pool.stop({});
    for (const worker of living()) worker.ends({ reason: "stop" });
    await rest();
    clock.advance(3_600_000);
    expect({ code, names: names() }).toEqual({ code: 0, names: [] });
  });

  it("does not mind how a worker ends that had not taken work yet", async () => {
    all[0]?.ends({ reason: "maxJobs" });
    pool.stop({});
    newest().ends({ code: null, signal: "SIGINT" });
    for (const worker of living()) worker.ends({});
    await rest();
    expect(code).toBe(0);
  });
});
