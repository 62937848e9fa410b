// Waiting for work: one connection for all waits of a process, whatever its queues and workers, and the queue that woke is answered.
import { setImmediate as turn } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished } from "vitest";
import type { Engine } from "../../../src/engine/contract/engine.js";
import { RedisEngine } from "../../../src/engine/redis/engine.js";
import { unknownWorker } from "../../../src/engine/shared/workers/worker-info.js";
import { parseTarget, type ParsedRedisTarget } from "../../../src/engine/target.js";
import { makeSpec } from "../../../src/model/options/spec.js";
import { parseOptions, type JobOptions } from "../../../src/model/options/options.js";
import type { Dependency } from "../../../src/model/job/dependency.js";
import { UNLINKED } from "../../../src/model/job/job.js";
import { startRedisCluster } from "../../support/redis-cluster.js";
import { startRedisServer } from "../../support/redis-server.js";
import { nodesOf } from "./redis-storage.js";

const LONG = 3_600_000;
const CLUSTER_SIZE = 3;
let drawn = 0;

/** Enqueues a job; answers its id. */
async function enqueue(
  engine: Engine,
  queue: string,
  options: JobOptions = {},
  after: readonly Dependency[] = [],
): Promise<string> {
  drawn += 1;
  const id = `job-${drawn}`;
  const own = { queue, id, task: "work", input: null, payloadCap: 1_000, nonce: null, links: { ...UNLINKED, after } };
  await engine.enqueue({ jobs: [makeSpec(own, parseOptions(options))] });
  return id;
}

/** Runs the one job of a queue that is ready, and answers once no wake-up is left. */
async function runOne(engine: Engine, queue: string): Promise<void> {
  const session = `worker/${queue}`;
  const worker = { ...unknownWorker("worker"), queues: [queue] };
  await engine.openSession({ session, worker, ttl: LONG });
  const claim = { queues: [queue], max: 1, suspect: false, tasks: ["work"], ttl: LONG };
  const { leases } = await engine.exchange({ session, lane: 0, call: 1, settle: [], claim });
  const settle = leases.map(({ id, epoch }) => {
    return { queue, id, epoch, outcome: { kind: "complete", result: null } as const };
  });
  await engine.exchange({ session, lane: 0, call: 2, settle, claim: null });
  for (let left: string | null = queue; left !== null;) {
    left = await engine.awaitWork({ queues: [queue], timeout: LONG, signal: AbortSignal.timeout(100) });
  }
}

/** Waits for work; answers a promise of the queue that woke it. */
function waits(engine: Engine, ...queues: string[]): Promise<string | null> {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  return engine.awaitWork({ queues, timeout: LONG, signal: stop.signal });
}

describe.skipIf(!inject("canStartRedis")).each([["a server", false] as const, ["a cluster", true] as const])(
  "waits on %s",
  (_what, clustered) => {
    let clients: Redis[] = [];
    let engine: RedisEngine;
    let other: RedisEngine;
    let stop: () => Promise<unknown>;

    beforeEach(async () => {
      const servers = clustered ? await startRedisCluster() : null;
      const single = clustered ? null : await startRedisServer();
      stop = () => Promise.all([servers?.stop(), single?.stop()]);
      const urls = servers?.urls ?? [single?.url ?? ""];
      clients = urls.map((url) => new Redis(url));
      const where = clustered ? { cluster: nodesOf(urls) } : { url: urls[0] ?? "" };
      const target = parseTarget({ engine: "redis", ...where }) as ParsedRedisTarget;
      engine = new RedisEngine(target);
      other = new RedisEngine(target);
      await engine.open();
      await other.open();
    });

    afterEach(async () => {
      engine.close();
      other.close();
      for (const client of clients) client.disconnect();
      await stop();
    });

    /** How many connections there are but the test's own. */
    async function connections(): Promise<number> {
      const lists = await Promise.all(clients.map((client) => client.client("LIST") as Promise<string>));
      const lines = lists.join("").split("\n");
      // Nodes have links to each other, and those are no clients.
      return lines.filter((line) => line !== "").length - clients.length;
    }

    it("share one connection, however many queues and workers there are", async () => {
      const queues = Array.from({ length: 10 }, (_, n) => `queue-${n}`);
      for (const queue of queues) await enqueue(engine, queue);
      for (const queue of queues) await enqueue(other, queue);
      const before = await connections();
      const all = [0, 1, 2, 3, 4].map((n) => waits(engine, ...queues.slice(n), ...queues.slice(0, n)));
      expect(queues).toContain(await Promise.race(all));
      await expect.poll(connections).toBe(before + 1);
      expect(before).toBeLessThanOrEqual(2 * (clustered ? CLUSTER_SIZE + 1 : 1));
    });

    it("end when a job is left to retention that is to be removed before all others, by age or by count", async () => {
      for (const keep of [{ age: 0 }, { count: 0 }]) {
        const queue = Object.keys(keep).join();
        const id = await enqueue(engine, queue, { keep: { completed: keep } });
        const dependent = await enqueue(engine, queue, { delay: "1h" }, [{ queue, id, ifFailed: "fail" }]);
        await runOne(engine, queue);
        const woken = waits(other, queue);
        await engine.remove({ refs: [{ queue, id: dependent }], op: "op" });
        expect(await woken).toBe(queue);
        expect(await engine.sweep({ queues: [queue], limit: 10 })).toMatchObject({ removed: 1 });
      }
    });

    it("answer the queue that woke, to one of those who wait for it", async () => {
      const first = waits(engine, "a", "b");
      const second = waits(engine, "c");
      const third = waits(engine, "c", "d");
      await enqueue(other, "c");
      expect(await second).toBe("c");
      await enqueue(other, "d");
      expect(await third).toBe("d");
      await enqueue(other, "b");
      expect(await first).toBe("b");
    });

    it("leave a wake-up to others when none here waits for it any more", async () => {
      const stopped = new AbortController();
      const gone = engine.awaitWork({ queues: ["a"], timeout: LONG, signal: stopped.signal });
      const here = waits(engine, "b");
      await turn();
      stopped.abort();
      expect(await gone).toBeNull();
      await enqueue(other, "a");
      expect(await waits(other, "a")).toBe("a");
      await enqueue(other, "b");
      expect(await here).toBe("b");
    });

    it("get a wake-up that was passed on", async () => {
      const waiting = waits(other, "a");
      engine.passOn({ queues: ["a"] });
      expect(await waiting).toBe("a");
    });

    it("end when the engine is closed", async () => {
      const waiting = waits(engine, "a");
      engine.close();
      expect(await waiting).toBeNull();
    });
  },
);
