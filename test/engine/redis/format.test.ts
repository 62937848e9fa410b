// A queue that a newer Longshore has written to is refused, before anything of it is read or changed.
import type { Redis } from "ioredis";
import { describe, expect, it, test } from "vitest";
import type { Engine } from "../../../src/engine/contract/engine.js";
import { FORMAT } from "../../../src/engine/redis/connection/wire.js";
import { unknownWorker } from "../../../src/engine/shared/workers/worker-info.js";
import { MAIN, type ScenarioContext } from "../../../src/engine/testkit/context/scenario-context.js";
import { EngineRefused } from "../../../src/model/errors/errors.js";
import { beforeEachOnRedis } from "./redis-fixture.js";

const newer = FORMAT + 1;
let redis: Redis;
let context: ScenarioContext;

beforeEachOnRedis((fixture) => ({ context, redis } = fixture));

/** The settings of the queue. */
async function settings(): Promise<string> {
  const keys = (await context.storage.leftovers?.()) ?? [];
  return keys.find((key) => key.endsWith(`/${MAIN}}:queue`)) ?? "";
}

test("a queue says in which format it is from the first job on", async () => {
  await context.add();
  expect(await redis.hget(await settings(), "format")).toBe(String(FORMAT));
});

test.each<[string, (engine: Engine) => unknown]>([
  ["is paused", (engine) => engine.pause({ queue: MAIN })],
  [
    "is watched",
    async (engine) => {
      await engine.watch({ queue: MAIN, cursor: null, max: 1 });
      await context.add();
    },
  ],
])("so does a queue that %s before it has any", async (_what, first) => {
  await first(context.engine);
  expect(await redis.hget(await settings(), "format")).toBe(String(FORMAT));
});

test("a queue that was obliterated begins anew in the format that is known", async () => {
  await context.add();
  await context.engine.obliterate({ queue: MAIN, force: false });
  await context.add();
  expect(await redis.hget(await settings(), "format")).toBe(String(FORMAT));
});

describe("a queue of a newer format is refused", () => {
  const ref = { queue: MAIN, id: "j1" };
  const control = { refs: [ref], op: "op" };
  const claim = { queues: [MAIN], max: 1, suspect: true, tasks: ["task"] };
  const worker = { ...unknownWorker("w"), queues: [MAIN] };

  const commands: Record<string, (engine: Engine) => unknown> = {
    enqueue: (engine) => engine.enqueue({ jobs: [context.spec()] }),
    "enqueue of what is not usual": (engine) => engine.enqueue({ jobs: [context.spec({ priority: 1 })] }),
    commitFlow: (engine) => engine.commitFlow({ ...ref, members: 0 }),
    openSession: (engine) => engine.openSession({ session: "w/1", worker, ttl: 1_000 }),
    exchange: (engine) => engine.exchange({ session: "w/1", lane: 0, call: 1, settle: [], claim }),
    report: (engine) => engine.report({ session: "w/1", updates: [{ ...ref, epoch: 1, meta: "{}" }] }),
    commandWorker: (engine) => engine.commandWorker({ session: "w/1", queue: MAIN, command: "quiet", op: "o" }),
    cancel: (engine) => engine.cancel(control),
    pause: (engine) => engine.pause({ queue: MAIN }),
    obliterate: (engine) => engine.obliterate({ queue: MAIN, force: true }),
    sweep: (engine) => engine.sweep({ queues: [MAIN], limit: 10 }),
    schedules: (engine) => engine.schedules({ queues: [MAIN], names: ["s"] }),
    pauseSchedule: (engine) => engine.pauseSchedule({ queue: MAIN, name: "s" }),
    claimEnded: (engine) => engine.claimEnded({ queues: [MAIN], tasks: ["task"], limit: 1 }),
    getJobs: (engine) => engine.getJobs({ refs: [ref] }),
    listJobs: (engine) => engine.listJobs({ filter: {}, limit: 1, cursor: null }),
    queues: (engine) => engine.queues(),
    workers: (engine) => engine.workers(),
    aside: (engine) => engine.aside({ queues: [MAIN] }),
    dependencies: (engine) => engine.dependencies(ref),
    position: (engine) => engine.position(ref),
    watch: (engine) => engine.watch({ queue: MAIN, cursor: null, max: 1 }),
  };

  it.each(Object.entries(commands))("by %s, with both versions and what to do", async (_name, command) => {
    await context.add({ id: "j1" });
    const key = await settings();
    // Some commands are only sent to queues that have what they are about.
    for (const name of ["aside", "ended_due"]) await redis.zadd(key.replace(/queue$/, name), 0, "j1");
    await redis.hset(key, "format", newer);
    const before = (await context.storage.leftovers?.())?.toSorted();
    const numbers = await redis.hgetall(key);

    const refused = Promise.resolve().then(() => command(context.engine));

    await expect(refused).rejects.toThrow(EngineRefused);
    await expect(refused).rejects.toThrow(
      `was written by a newer Longshore (format ${newer}, this one knows ${FORMAT}): update longshore`,
    );
    await expect(refused).rejects.toThrow(`queue "${MAIN}" in redis://`);
    expect((await context.storage.leftovers?.())?.toSorted()).toEqual(before);
    expect(await redis.hgetall(key)).toEqual(numbers);
  });

  it("while other queues go on", async () => {
    await context.add();
    await redis.hset(await settings(), "format", newer);
    expect(await context.add({ queue: "other" })).toBeTypeOf("string");
  });
});
