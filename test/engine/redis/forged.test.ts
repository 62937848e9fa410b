// Records in Redis that another program or version wrote: a bad one fails at most its own job. Other jobs run, the worker
// stops, and the server answers.
import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { openEngine } from "../../../src/engine/open.js";
import { unknownWorker } from "../../../src/engine/shared/workers/worker-info.js";
import { runBeside, type Moment } from "../forged-records.js";

const BIRTH_SIZE = 21;

let redis: Redis;
let prefix: string;

beforeEach(() => {
  redis = new Redis(inject("redisUrl"));
  prefix = `forged${randomBytes(5).toString("hex")}`;
});

afterEach(async () => {
  const left = await redis.keys(`*${prefix}*`);
  if (left.length > 0) await redis.unlink(...left);
  await redis.quit();
});

async function keyOf(name: string): Promise<string> {
  const keys = await redis.keys(`*${prefix}*`);
  return keys.find((key) => key.endsWith(`:${name}`)) ?? `{${prefix}:default}:${name}`;
}

/** Was every other client served? */
async function undisturbed(
  moment: Moment,
  how: "completes" | "fails",
  ...forgeries: ((id: string) => Promise<unknown>)[]
): Promise<boolean> {
  const target = { engine: "redis", url: inject("redisUrl"), prefix } as const;
  await runBeside(target, moment, how, forgeries);
  return (await redis.ping()) === "PONG";
}

/** Writes another header into the body of a job. */
async function header(id: string, change: (header: Record<string, unknown>) => unknown): Promise<void> {
  const key = await keyOf("job");
  const stored = (await redis.hgetBuffer(key, id)) ?? Buffer.alloc(0);
  const [head = "", ...rest] = stored.subarray(BIRTH_SIZE).toString().split("\n");
  const text = [JSON.stringify(change(JSON.parse(head) as Record<string, unknown>)), ...rest].join("\n");
  await redis.hset(key, id, Buffer.concat([stored.subarray(0, BIRTH_SIZE), Buffer.from(text)]));
}

const DEEP = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
const JUNK = [null, "soon", 0.1, -1, 1e300, [], {}, { type: {}, delays: {}, completed: {}, key: {} }];
const FIELDS = ["task", "backoff", "timeout", "ttl", "unique", "supersedes", "retention", "after", "flow", "role"];

describe("headers that are forged", () => {
  it.each(FIELDS)("in their %s", async (field) => {
    const forgeries = JUNK.map((value) => (id: string) => header(id, (was) => ({ ...was, [field]: value })));
    expect(await undisturbed("waiting", "fails", ...forgeries)).toBe(true);
  });

  it("as a whole, and within a field", async () => {
    const changes: ((was: Record<string, unknown>) => unknown)[] = [
      () => 5,
      () => null,
      () => [],
      (was) => ({ ...was, backoff: { type: "exponential", delay: "x" } }),
      (was) => ({ ...was, backoff: { type: "list", delays: [] } }),
      (was) => ({ ...was, flow: { id: "x" } }),
      (was) => ({ ...was, after: [{ ifFailed: "fail" }] }),
      (was) => ({ ...was, retention: { completed: { age: "x" }, failed: {} } }),
    ];
    expect(await undisturbed("waiting", "fails", ...changes.map((change) => (id: string) => header(id, change)))).toBe(
      true,
    );
  });
});

const fields: [name: string, values: readonly string[]][] = [
  ["job", ["", "x", "rubbish that is long enough for a birth record", DEEP]],
  ["run", ["", "x", "x".repeat(200)]],
  [
    "keep",
    [
      "",
      "{{{",
      "5",
      "null",
      "[]",
      '{"completed":5}',
      '{"completed":{"age":"x"},"failed":{"count":"y"}}',
      '{"completed":{"age":-1,"count":1e300}}',
      DEEP,
    ],
  ],
  ["checkpoints", ["x", "-1", "nan", "inf", "0.5", "1e15"]],
  ["pending", ["x", "-1", "nan", "1e15"]],
  ["round", ["x", "nan"]],
  ["tags", ["", "\n\n\n", "x".repeat(10_000)]],
  ["meta", ["{{{", "5"]],
  ["history", ["{{{", "5\n6"]],
  ["log", ["x\n{{{", "{{{"]],
  ["progress", ["{{{", "{}"]],
  ["result", ["{{{"]],
  ["errors", ["!{{{", "{{{"]],
  ["fingerprints", ["x|y"]],
  ["unique_key", ["", "x"]],
  ["nonce", [""]],
  ["op", ["x"]],
  ["failed", ["{{{"]],
];

describe.each<Moment>(["waiting", "running"])("fields forged while their jobs are %s", (moment) => {
  it.each(fields)("in %s", async (name, values) => {
    const forgeries = values.map((value) => async (id: string) => redis.hset(await keyOf(name), id, value));
    expect(
      await undisturbed(moment, name === "errors" || name === "history" ? "fails" : "completes", ...forgeries),
    ).toBe(true);
  });
});

describe("what belongs to no job", () => {
  it("in leases, keys and revocations", async () => {
    const entries = [
      ["leases", "x", "y"],
      ["leases", "77", "rubbish"],
      ["held", "nobody", "x"],
      ["held", "nobody2", "x".repeat(200)],
      ["unique", "k", "x"],
    ] as const;
    const indexed = [
      ["revoked", "nobody"],
      ["revoked", "w/1\0nobody 5 c"],
      ["spans", "x"],
      ["spans", "77 w/1"],
      ["held_order", "nobody"],
      ["held_order", "w/1\0nobody"],
    ] as const;
    expect(
      await undisturbed("running", "completes", async () => {
        for (const [name, field, value] of entries) await redis.hset(await keyOf(name), field, value);
        for (const [name, member] of indexed) await redis.zadd(await keyOf(name), 77, member);
      }),
    ).toBe(true);
  });

  it("in the batches of a session that dies, and of one that asks what it holds", async () => {
    const engine = await openEngine({ engine: "redis", url: inject("redisUrl"), prefix });
    const worker = { ...unknownWorker("w"), queues: ["default"] };
    await engine.openSession({ session: "w/1", worker, ttl: 1 });
    for (const [field, rest] of [
      ["x", "5\nnobody"],
      ["77", "rubbish"],
    ] as const) {
      await redis.hset(await keyOf("leases"), field, `w/1\n${rest}`);
      await redis.zadd(await keyOf("spans"), 5, `${field} w/1`);
    }
    await redis.hset(await keyOf("running"), "w/1", 2);
    const held = await engine.held({ session: "w/1", queue: "default", cursor: null });
    await expect.poll(async () => (await engine.sweep({ queues: ["default"], limit: 10 })).more).toBe(false);
    await expect
      .poll(() => engine.heartbeat({ session: "w/1", queues: ["default"], ttl: 1 }))
      .toMatchObject({ alive: false });
    await engine.close();

    expect(held.cursor).toBeNull();
  });

  it.each(["{{{", "null", '{"queues":5}'])("a worker that says %s of itself is listed all the same", async (info) => {
    expect(
      await undisturbed("running", "completes", async () => {
        const key = await keyOf("workers");
        for (const session of await redis.hkeys(key)) await redis.hset(key, session, info);
      }),
    ).toBe(true);
  });

  it("in the lines and indexes", async () => {
    expect(
      await undisturbed("waiting", "completes", async () => {
        for (const name of ["priority", "delayed", "suspect", "ttl", "blocked", "expiry", "outbox", "audit"]) {
          await redis.zadd(await keyOf(name), 1, "nobody");
        }
        await redis.rpush(await keyOf("wait"), "nobody", "~nobody", "");
      }),
    ).toBe(true);
  });
});

it("a job with more checkpoints than there can be is removed at once, as far as it has any", async () => {
  expect(
    await undisturbed("waiting", "completes", async (id) => {
      await redis.hset(await keyOf("checkpoints"), id, "1e15");
      await redis.hset(await keyOf("keep"), id, '{"completed":{"age":0,"count":null},"failed":{"age":0,"count":null}}');
    }),
  ).toBe(true);
});
