/**
 * What do series cost a job that runs? Exchanges of plain jobs, of which each settles and leases as many, in blocks by turns with
 * and without what is counted in the series; each block ends with a sweep, which adds up what was counted. Measured is the CPU
 * time of the Redis server's main thread, on SQLite of this process; answered the ratio of the medians of both, and what a job with
 * it takes, on Redis of the client in this process too. The round verifies the totals.
 */
import { Redis } from "ioredis";
import { connect, task, type Engine, type Longshore } from "longshore";
import { openEngine } from "../own-engine.js";
import { NotVerified, type Measure, type Scenario } from "../scenario.js";
import { medianOf } from "../statistics.js";
import type { Store } from "../system.js";
import { DAY, DONE, type Lease } from "./bounds/load.js";

const BATCHES = [1, 10, 100];
const BLOCKS = 10;
const MOST_EXCHANGES = 500;
const SESSION = "worker/series";

export const seriesCost: Scenario = {
  id: "series-cost",
  what: "CPU time of exchanges with what is counted in the series, as a multiple of the same without",
  measures: BATCHES.flatMap((batch): Measure[] => [
    { name: nameOf(batch), unit: "ratio", better: "less" },
    { name: `${nameOf(batch)}, engine`, unit: "µs/job", better: "less" },
    { name: `${nameOf(batch)}, client`, unit: "µs/job", better: "less" },
  ]),
  async round({ store, queue, jobs }) {
    const engine = await openEngine(store.url);
    const producer = await connect(store.url);
    const cpu = await cpuOf(store);
    const measured: Record<string, number> = {};
    try {
      for (const batch of BATCHES) {
        const cost = await costFor({ engine, producer, cpu }, `${queue}-${batch}`, batch, jobs);
        measured[nameOf(batch)] = cost.ratio;
        measured[`${nameOf(batch)}, engine`] = cost.engine;
        if (store.kind === "redis") measured[`${nameOf(batch)}, client`] = cost.client;
      }
      return measured;
    } finally {
      cpu.close();
      await producer.close();
      await engine.close();
    }
  },
};

function nameOf(batch: number): string {
  return `series-cost: batch ${batch}`;
}

/** CPU time with what is counted as a multiple of that without, and microseconds of it a job. */
interface Cost {
  readonly ratio: number;
  readonly engine: number;
  readonly client: number;
}

/** CPU time so far, in milliseconds. */
interface Cpu {
  now(): Promise<number>;
  close(): void;
}

function ownTime(): Promise<number> {
  const { user, system } = process.cpuUsage();
  return Promise.resolve((user + system) / 1_000);
}

async function cpuOf({ kind, url }: Store): Promise<Cpu> {
  if (kind !== "redis") return { now: ownTime, close: () => undefined };
  const redis = new Redis(url);
  await redis.ping();
  return {
    now: async () => {
      const info = await redis.info("cpu");
      const seconds = [...info.matchAll(/^used_cpu_(?:sys|user)_main_thread:([\d.]+)/gm)];
      return seconds.reduce((sum, [, value]) => sum + Number(value), 0) * 1_000;
    },
    close: () => redis.disconnect(),
  };
}

/** The engine under the exchanges; the jobs come from a client, as usual ones do. */
interface Parts {
  readonly engine: Engine;
  readonly producer: Longshore;
  readonly cpu: Cpu;
}

async function costFor({ engine, producer, cpu }: Parts, queue: string, batch: number, jobs: number): Promise<Cost> {
  const work = task("work", { queue });
  const exchanges = Math.min(MOST_EXCHANGES, Math.ceil(jobs / batch / BLOCKS));
  const perBlock = exchanges * batch;
  const worker = {
    name: "worker",
    host: "host",
    pid: 1,
    queues: [queue],
    tasks: [{ name: "work", version: null, label: null, resultUrl: null }],
    appVersion: null,
    environment: null,
    longshore: "",
    node: process.version,
    concurrency: batch,
    startedAt: 0,
  };
  await engine.openSession({ session: `${SESSION}-${queue}`, worker, ttl: DAY });
  const [with_, without, client]: [number[], number[], number[]] = [[], [], []];
  let call = 0;
  for (let block = 0; block < BLOCKS * 2; block += 1) {
    // With, without, without, with: whatever a second block has of the one before it, both have as often.
    const counted = block % 4 === 0 || block % 4 === 3;
    await producer.enqueueMany(
      work,
      Array.from({ length: perBlock }, () => ({})),
    );
    const before = await cpu.now();
    const began = await ownTime();
    let held: readonly Lease[] = [];
    for (let exchange = 0; exchange <= exchanges; exchange += 1) {
      call += 1;
      const settle = held.map(({ id, epoch, runAt, leasedAt }) => {
        const measured = { task: "work", wait: leasedAt - runAt, run: (leasedAt * epoch) % 5_000 };
        return { queue, id, epoch, outcome: DONE, ...(counted && { measured }) };
      });
      const claim = { queues: [queue], max: batch, suspect: true, tasks: ["work"] };
      ({ leases: held } = await engine.exchange({ session: `${SESSION}-${queue}`, lane: 0, call, settle, claim }));
    }
    if (counted) client.push((await ownTime()) - began);
    await engine.sweep({ queues: [queue], limit: 100, dead: [] });
    (counted ? with_ : without).push((await cpu.now()) - before);
  }
  const [total] = await engine.totals({ queues: [queue] });
  const wanted = perBlock * BLOCKS;
  if (total?.figures.count !== wanted) throw new NotVerified(`${total?.figures.count ?? 0} ends instead of ${wanted}`);
  await engine.obliterate({ queue, force: true });
  const perJob = (times: number[]): number => (medianOf(times) * 1_000) / perBlock;
  return { ratio: medianOf(with_) / medianOf(without), engine: perJob(with_), client: perJob(client) };
}
