// Is a process ready: its engine answers and can be written to, and the claim loops of its workers go on.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { connect, task, type Engine, type Longshore } from "longshore";
import { loadDriver } from "../../src/engine/sqlite/database/driver.js";
import { startRedisServer } from "../support/redis-server.js";
import { FakeTimeFixture, withCommands } from "../worker/fixtures/fake-time-fixture.js";
import { makeGate } from "../worker/fixtures/gate.js";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";

const quick = task("quick", () => "done");
const LEASE = 30_000;
const BEAT = LEASE / 3;

async function details(longshore: Longshore): Promise<string[]> {
  const { ready, checks } = await longshore.ready({ timeout: "500ms" });
  expect(ready).toBe(checks.every(({ ok }) => ok));
  return checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
}

/** A worker at work, on an engine of which commands can be held up. */
async function atWork(commands: (memory: Engine, held: { up: boolean }) => Partial<Engine>) {
  const held = { up: false };
  const fixture = new FakeTimeFixture((engine) => withCommands(engine, commands(engine, held)));
  const worker = fixture.longshore.worker([quick], { name: "one", lease: LEASE, concurrency: 1 });
  worker.on("error", () => undefined);
  await worker.ready();
  await fixture.rest();
  onTestFinished(async () => {
    held.up = false;
    const closed = fixture.longshore.close();
    await fixture.pass(5_000, 500);
    await closed;
  });
  const { longshore, memory } = fixture;
  return { fixture, longshore, memory, worker, held };
}

async function onRedis() {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  const longshore = await connect(server.url);
  onTestFinished(() => longshore.close());
  expect(await details(longshore)).toEqual([]);
  return { server, admin, longshore };
}

onEveryEngine("a process", (storage) => {
  it("is ready while its engine can be written to and its workers take work", async () => {
    const longshore = await storage.connect();
    expect(await longshore.ready()).toEqual({
      ready: true,
      checks: [{ name: "engine", ok: true, detail: expect.stringMatching(/^can be written to/) as string }],
    });
    const worker = longshore.worker([quick], { name: "one" });
    await worker.ready();
    expect(await longshore.ready()).toMatchObject({
      ready: true,
      checks: [{ name: "engine" }, { name: "worker one", ok: true, detail: "its claim loop goes on" }],
    });
  });

  it("says what its store is", async () => {
    const longshore = await storage.connect();
    const { kind, url, writable, nodes } = await longshore.store();
    expect({ kind, url, writable }).toEqual({ kind: longshore.info.kind, url: longshore.info.url, writable: true });
    expect(nodes).toHaveLength(1);
  });

  it("is not ready once it is closed", async () => {
    const longshore = await storage.connect();
    await longshore.close();
    expect(await details(longshore)).toEqual([expect.stringMatching(/^engine: this connection was closed/)]);
  });
});

describe("a worker", () => {
  it("that starts or stops is not ready", async () => {
    const fixture = new FakeTimeFixture();
    const { longshore, clock } = fixture;
    const gate = makeGate();
    const long = task("long", () => gate.opened);
    const worker = longshore.worker([long], { name: "one", grace: "1m" });
    expect(await details(longshore)).toEqual(["worker one: is starting"]);
    await worker.ready();
    await longshore.enqueue(long, undefined);
    await fixture.rest();
    expect(await details(longshore)).toEqual([]);
    const stopped = worker.stop();
    expect(await details(longshore)).toEqual(["worker one: is stopping"]);
    gate.open();
    await fixture.rest();
    clock.advance(1_000);
    await stopped;
    expect(await details(longshore)).toEqual([]);
    await longshore.close();
  });

  it("that waits for work is ready, however long it waits, and while all its slots are taken", async () => {
    const gate = makeGate();
    const long = task("long", { timeout: "5h" }, () => gate.opened);
    const fixture = new FakeTimeFixture();
    const worker = fixture.longshore.worker([long], { name: "one", lease: LEASE, concurrency: 1 });
    await worker.ready();
    await fixture.pass(3_600_000, 20_000);
    expect(await details(fixture.longshore)).toEqual([]);
    await fixture.longshore.enqueue(long, undefined);
    await fixture.pass(3_600_000, 20_000);
    expect(worker.running).toBe(1);
    expect([worker.stalledFor, await details(fixture.longshore)]).toEqual([0, []]);
    gate.open();
    await fixture.rest();
    await fixture.longshore.close();
  });

  it("whose exchange gets no answer is not ready two beats later, and is again when it does", async () => {
    const gate = makeGate();
    const { fixture, longshore, held, worker } = await atWork((memory, state) => ({
      exchange: async (params) => {
        if (state.up) await gate.opened;
        return memory.exchange(params);
      },
    }));
    held.up = true;
    await longshore.enqueue(quick, undefined);
    await fixture.pass(2 * BEAT, 1_000);
    expect(await details(longshore)).toEqual([]);
    await fixture.pass(1_000);
    expect(await details(longshore)).toEqual(["worker one: its claim loop has not gone on for 21s"]);
    held.up = false;
    gate.open();
    await fixture.rest();
    expect([worker.stalledFor, await details(longshore)]).toEqual([0, []]);
  });

  it("whose wait for work does not end is not ready", async () => {
    const gate = makeGate();
    const { fixture, longshore, held } = await atWork((memory, state) => ({
      awaitWork: async (params) => {
        if (state.up) await gate.opened;
        return memory.awaitWork(params);
      },
    }));
    held.up = true;
    await longshore.enqueue(quick, undefined);
    await fixture.pass(30_000 + 2 * BEAT + 2_000, 1_000);
    expect(await details(longshore)).toEqual([expect.stringMatching(/^worker one: its claim loop has not gone on/)]);
    held.up = false;
    gate.open();
    // It ends by its own time then.
    await fixture.pass(30_000, 1_000);
    expect(await details(longshore)).toEqual([]);
  });

  it("that gets no session in place of the one it lost is not ready", async () => {
    const gate = makeGate();
    const { fixture, longshore, held, memory } = await atWork((engine, state) => ({
      openSession: async (params) => {
        if (state.up) await gate.opened;
        return engine.openSession(params);
      },
    }));
    held.up = true;
    const [{ session, queues } = { session: "", queues: [] }] = await longshore.workers();
    memory.closeSession({ session, queues });
    await longshore.enqueue(quick, undefined);
    await fixture.pass(2 * BEAT + 2_000, 1_000);
    expect(await details(longshore)).toEqual([expect.stringMatching(/^worker one: its claim loop has not gone on/)]);
    held.up = false;
    gate.open();
    await fixture.pass(1_000);
    expect(await details(longshore)).toEqual([]);
  });

  it("asks an engine that does not answer one thing at a time", async () => {
    const gate = makeGate();
    let asked = 0;
    const { fixture, longshore } = await atWork(() => ({
      probe: async () => {
        asked += 1;
        await gate.opened;
      },
    }));
    const answers = [longshore.ready(), longshore.ready(), longshore.ready()];
    await fixture.pass(2_000);
    for (const { checks } of await Promise.all(answers)) {
      expect(checks[0]).toEqual({ name: "engine", ok: false, detail: "did not answer within 2s" });
    }
    expect(asked).toBe(1);
    gate.open();
    await fixture.rest();
    expect(await details(longshore)).toEqual([]);
    expect(asked).toBe(2);
  });
});

describe.skipIf(!inject("canStartRedis"))("on a Redis", () => {
  it("that stands still it is not ready, and is again when that goes on", async () => {
    const { server, longshore } = await onRedis();
    server.pause();
    expect(await details(longshore)).toEqual(["engine: did not answer within 500ms"]);
    server.resume();
    await expect.poll(() => details(longshore)).toEqual([]);
  });

  it("that became a replica it is not ready", async () => {
    const { admin, longshore } = await onRedis();
    await admin.replicaof("127.0.0.1", 1);
    expect(await details(longshore)).toEqual([expect.stringMatching(/^engine: .*replica now/)]);
  });

  it("whose memory is full it is not ready", async () => {
    const { admin, longshore } = await onRedis();
    await admin.config("SET", "maxmemory", "1");
    expect(await details(longshore)).toEqual([expect.stringMatching(/^engine: .*out of memory/)]);
  });
});

describe("on a SQLite file", () => {
  it("that another process keeps locked it is not ready", async () => {
    const folder = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-ready-`));
    const path = join(folder, "jobs.db");
    const longshore = await connect(`sqlite:${path}`);
    onTestFinished(async () => {
      await longshore.close();
      rmSync(folder, { recursive: true });
    });
    expect(await details(longshore)).toEqual([]);
    const other = (await loadDriver())(path, { timeout: 100 });
    other.exec("BEGIN IMMEDIATE");
    expect(await details(longshore)).toEqual(["engine: did not answer within 500ms"]);
    other.exec("ROLLBACK");
    other.close();
    await expect.poll(() => details(longshore)).toEqual([]);
  });
});
