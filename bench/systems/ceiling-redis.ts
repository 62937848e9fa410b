/**
 * The ceiling on Redis: a bare loop of batched scripts with no features. A list of waiting ids, a hash of bodies, one of
 * results and a list of finished ids; no states, attempts, leases, fences, delays or events. What a queue adds to this is
 * what its features cost.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { KILOBYTE_RESULT, RESULT, type Payload } from "../payload.js";
import type { Line, System, WorkOptions } from "../system.js";
import { CEILING_CANNOT } from "./ceiling-scenarios.js";

/** Jobs in one exchange, and how many exchanges are on their way at a time. */
const BATCH = 500;
const LANES = 2;
const IDLE_MS = 1;

const ENQUEUE = `
  local ids, fields = {}, {}
  for i = 1, #ARGV, 2 do
    ids[#ids + 1] = ARGV[i]
    fields[i], fields[i + 1] = ARGV[i], ARGV[i + 1]
  end
  redis.call('HSET', KEYS[2], unpack(fields))
  redis.call('RPUSH', KEYS[1], unpack(ids))`;

const EXCHANGE = `
  if #ARGV > 1 then
    local ids, fields = {}, {}
    for i = 2, #ARGV, 2 do
      ids[#ids + 1] = ARGV[i]
      fields[i - 1], fields[i] = ARGV[i], ARGV[i + 1]
    end
    redis.call('HSET', KEYS[3], unpack(fields))
    redis.call('RPUSH', KEYS[4], unpack(ids))
  end
  local taken = redis.call('LPOP', KEYS[1], ARGV[1])
  if not taken or #taken == 0 then return { {}, {} } end
  return { taken, redis.call('HMGET', KEYS[2], unpack(taken)) }`;

export const ceilingRedis: System = {
  name: "ceiling-redis",
  store: "redis",
  settings: `scripts of ${BATCH} jobs, ${LANES} on their way, whatever the concurrency; results and finished ids kept`,
  cannot: CEILING_CANNOT,
  probe: () => Promise.resolve({ version: "-" }),
  async open({ url }, queue) {
    const redis = new Redis(url);
    const load = async (script: string): Promise<string> => String(await redis.script("LOAD", script));
    const [enqueue, exchange] = await Promise.all([load(ENQUEUE), load(EXCHANGE)]);
    const keys = ["waiting", "bodies", "results", "done"].map((part) => `{${queue}}:${part}`);
    return lineOf(redis, { enqueue, exchange }, keys);
  },
};

function lineOf(redis: Redis, scripts: { enqueue: string; exchange: string }, keys: readonly string[]): Line {
  let last = 0;
  const [waiting = "", bodies = "", , done = ""] = keys;
  const addBulk = async (payloads: readonly Payload[]): Promise<string[]> => {
    const ids = payloads.map(() => (last += 1).toString(36).padStart(20, "0"));
    const pairs = payloads.flatMap((payload, index) => [ids[index] ?? "", JSON.stringify(payload)]);
    await redis.evalsha(scripts.enqueue, 2, waiting, bodies, ...pairs);
    return ids;
  };
  return {
    async add(payload) {
      const [id = ""] = await addBulk([payload]);
      return id;
    },
    addBulk,
    work(options) {
      const life = { stopping: false };
      const exchange = async (results: readonly string[]): Promise<Taken> => {
        const room = life.stopping ? 0 : BATCH;
        return (await redis.evalsha(scripts.exchange, keys.length, ...keys, room, ...results)) as Taken;
      };
      const lanes = Promise.all(Array.from({ length: LANES }, () => runLane(exchange, options, life)));
      return Promise.resolve({
        async stop() {
          life.stopping = true;
          await lanes;
        },
      });
    },
    completed: () => redis.llen(done),
    waiting: () => redis.llen(waiting),
    close: async () => void (await redis.quit()),
  };
}

type Taken = readonly [ids: readonly string[], bodies: readonly string[]];

async function runLane(
  exchange: (results: readonly string[]) => Promise<Taken>,
  { behaviour, started, done }: WorkOptions,
  life: { readonly stopping: boolean },
): Promise<void> {
  const result = behaviour === "kilobyte" ? KILOBYTE_RESULT : RESULT;
  let finished: readonly string[] = [];
  while (!life.stopping || finished.length > 0) {
    const results = finished.flatMap((id) => [id, JSON.stringify(result)]);
    const [ids, bodies] = await exchange(results);
    if (done !== undefined) finished.forEach((id) => done(id));
    for (const [index, id] of ids.entries()) {
      JSON.parse(bodies[index] ?? "");
      started?.(id);
    }
    if (ids.length === 0 && finished.length === 0) await sleep(IDLE_MS);
    finished = ids;
  }
}
