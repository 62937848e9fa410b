/**
 * `npm run bench`: the same jobs through each system on the same Redis server, in alternating rounds of one run, so that
 * what counts is the ratio. A round counts only when every job was completed: by its id here, and by the system's own count.
 */
import { arch, cpus, release, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { startRedisServer } from "../test/support/redis-server.js";
import { payloads, type Round, type System } from "./system.js";
import { bullmq } from "./systems/bullmq.js";
import { longshore } from "./systems/longshore.js";

const USAGE = "usage: npm run bench -- [--quick] [--json]";
const SYSTEMS: readonly System[] = [longshore, bullmq];
const PEER = bullmq.name;

interface Result {
  readonly system: string;
  readonly scenario: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly unit: "jobs/s";
  readonly ratioToBullmq: number;
}

async function main(): Promise<void> {
  const { quick, json } = readArguments();
  const rounds = quick ? 5 : 9;
  const jobs = quick ? 20_000 : 50_000;
  const redis = await startRedisServer();
  try {
    const speeds = new Map<string, number[]>();
    for (let round = 0; round <= rounds; round += 1) {
      for (const system of SYSTEMS) {
        const measured = await measure(system, redis.url, `bench-${round}`, jobs);
        // Round 0 warms up: it is run and checked, not counted.
        if (round > 0) for (const [scenario, speed] of measured) note(speeds, `${system.name} ${scenario}`, speed);
      }
    }
    print(summarise(speeds), { rounds, jobs }, json);
  } finally {
    await redis.stop();
  }
}

function readArguments(): { quick: boolean; json: boolean } {
  try {
    const { values } = parseArgs({ options: { quick: { type: "boolean" }, json: { type: "boolean" } } });
    return { quick: values.quick ?? false, json: values.json ?? false };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    process.exit(2);
  }
}

async function measure(system: System, url: string, queue: string, jobs: number): Promise<[string, number][]> {
  const round = await system.start(url, queue);
  try {
    const inputs = payloads(jobs);
    let ids: string[] = [];
    const add = await timed(async () => {
      ids = await round.add(inputs);
    });
    let outcome: Awaited<ReturnType<Round["run"]>> | undefined;
    const run = await timed(async () => {
      outcome = await round.run(100, jobs);
    });
    await outcome?.stop();
    const counted = await round.completed();
    const missing = ids.filter((id) => !outcome?.done.has(id));
    if (missing.length > 0 || counted !== jobs || new Set(ids).size !== jobs) {
      throw new Error(`${system.name}: ${jobs} jobs added, ${missing.length} not seen completed, ${counted} counted`);
    }
    return [
      ["add-bulk", jobs / add],
      ["run-100", jobs / run],
    ];
  } finally {
    await round.close();
  }
}

/** Seconds that an action takes. */
async function timed(action: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await action();
  return (performance.now() - start) / 1_000;
}

function note(speeds: Map<string, number[]>, key: string, speed: number): void {
  speeds.set(key, [...(speeds.get(key) ?? []), speed]);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function summarise(speeds: Map<string, number[]>): Result[] {
  return [...speeds].map(([key, values]) => {
    const [system = "", scenario = ""] = key.split(" ");
    const peer = median(speeds.get(`${PEER} ${scenario}`) ?? []);
    return {
      system,
      scenario,
      median: Math.round(median(values)),
      min: Math.round(Math.min(...values)),
      max: Math.round(Math.max(...values)),
      unit: "jobs/s",
      ratioToBullmq: Number((median(values) / peer).toFixed(2)),
    };
  });
}

function row(cells: readonly (string | number)[]): string {
  return cells.map((cell, index) => (index < 2 ? String(cell).padEnd(12) : String(cell).padStart(11))).join(" ");
}

function print(results: readonly Result[], size: { rounds: number; jobs: number }, json: boolean): void {
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? "",
    memoryGb: Math.round(totalmem() / 2 ** 30),
    os: `${process.platform} ${release()} ${arch()}`,
    node: process.version,
  };
  const settings = {
    ...size,
    redis: "private server on this machine, no persistence",
    systems: SYSTEMS.map(({ name, version, settings: how }) => `${name} ${version}: ${how}`),
  };
  if (json) {
    process.stdout.write(`${JSON.stringify({ machine, settings, results })}\n`);
    return;
  }
  const lines = [
    `${machine.model}, ${machine.cpus} CPUs, ${machine.memoryGb} GB, node ${machine.node}; Redis: ${settings.redis}`,
    ...settings.systems,
    `${size.jobs} jobs a round, median of ${size.rounds} rounds, every job verified`,
    "",
    row(["scenario", "system", "median/s", "min/s", "max/s", "× bullmq"]),
    ...results
      .toSorted((a, b) => a.scenario.localeCompare(b.scenario))
      .map((r) => row([r.scenario, r.system, r.median, r.min, r.max, r.ratioToBullmq.toFixed(2)])),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

await main();
