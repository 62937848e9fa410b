// Many jobs in one call: inputs are inputs, whatever they look like, and the options of all and of one are layers.
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { connect, InvalidInput, task, type ConnectOptions, type EnqueueOptions, type Longshore } from "longshore";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";

const transcode = task("transcode", { queue: "videos" });
const mail = task<{ to: number }>("mail", { tags: ["kind:mail"], attempts: 4 });

async function inMemory(options?: ConnectOptions): Promise<Longshore> {
  const longshore = await connect("memory:", options);
  onTestFinished(() => longshore.close());
  return longshore;
}

onEveryEngine("the inputs of many jobs", (storage) => {
  it("arrive as they were given, also those that look like something else", async () => {
    const inputs = [
      { input: "a.mp4", options: { crf: 20 } },
      { input: "a.mp4", options: { crf: 20, priority: 5 } },
      { input: "a.mp4", options: {} },
      { input: "a.mp4", options: null },
      { input: "a.mp4", options: "fast" },
      { input: "a.mp4", options: ["delay"] },
      { input: "a.mp4", options: { delay: 5 }, more: true },
      { input: "a.mp4" },
      { each: 1 },
      [{ input: 1, options: { delay: 5 } }],
      null,
    ];
    const longshore = await storage.connect();

    const jobs = await longshore.enqueueMany(transcode, inputs);

    const stored = await Promise.all(jobs.map((job) => job.refresh()));
    expect(stored.map(({ input }) => input)).toEqual(inputs);
  });
});

describe("an input that reads as one with options of its own", () => {
  const mistaken = { input: { to: 2 }, options: { delay: "5m", tags: undefined } };

  it.each<[what: string, options: object]>([
    ["options of jobs", { delay: "5m" }],
    ["one of them left undefined", { id: "x", tags: undefined }],
    ["a queue", { queue: "other" }],
    ["what it waits for", { after: [], ifFailed: "fail" }],
  ])("is refused with %s, and nothing is queued", async (_what, options) => {
    const longshore = await inMemory();
    const refused = longshore.enqueueMany("mail", [{ to: 1 }, { input: { to: 2 }, options }]);

    await expect(refused).rejects.toThrow(InvalidInput);
    await expect(refused).rejects.toMatchObject({ field: "inputs[1]" });
    await expect(refused).rejects.toThrow(/given by the option each/);
    expect(await longshore.queues()).toEqual([]);
  });

  it("is what it is when each says that it has none, or the task's schema what an input is", async () => {
    const longshore = await inMemory();
    const checked = task("checked", { input: z.object({ input: z.unknown(), options: z.unknown() }) });

    const [named] = await longshore.enqueueMany("mail", [mistaken], { each: () => undefined });
    const [known] = await longshore.enqueueMany(checked, [mistaken]);

    for (const job of [named, known]) {
      expect(await job?.refresh()).toMatchObject({ state: "queued", input: { input: { to: 2 } } });
    }
  });

  it("is refused by a schema that takes no such input", async () => {
    const longshore = await inMemory();
    const checked = task("checked", { input: z.object({ to: z.number() }) });
    // As it may come from JavaScript.
    const refused = longshore.enqueueMany(checked, [mistaken as unknown as { to: number }]);
    await expect(refused).rejects.toMatchObject({ code: "INVALID_INPUT", field: "input.to" });
  });
});

/** What becomes of a job with these options of all and of its own. `undefined` as it may come from JavaScript. */
async function enqueued(all: object, own: object | undefined) {
  const longshore = await inMemory({ defaults: { queues: { default: { tags: ["of:queue"], priority: 7 } } } });
  const each = (): EnqueueOptions | undefined => own;
  const [job] = await longshore.enqueueMany(mail, [{ to: 1 }], { ...all, each });
  if (job === undefined) throw new Error("one was enqueued");
  const { tags, priority, attempts, state, after, runAt, queue } = await job.refresh();
  return { tags, priority, attempts, state, after: after.length, at: runAt, queue };
}

describe("the options of many jobs", () => {
  const at = Date.now() + 3_600_000;
  const other = { queue: "default", id: "other" };

  it.each<[what: string, all: object, own: object | undefined, expected: object]>([
    ["tags add up", { tags: ["batch:7"] }, { tags: ["vip"] }, { tags: ["of:queue", "kind:mail", "batch:7", "vip"] }],
    ["its own count", { priority: 9 }, { priority: 2 }, { priority: 2 }],
    [
      "undefined changes nothing",
      { priority: 9, tags: ["b"] },
      { priority: undefined, tags: undefined },
      { priority: 9 },
    ],
    ["undefined of all changes nothing", { priority: undefined }, undefined, { priority: 7 }],
    ["undefined leaves the queue", { queue: "a" }, { queue: undefined }, { queue: "a" }],
    ["undefined leaves what it waits for", { after: [other] }, { after: undefined, ifFailed: undefined }, { after: 1 }],
    ["retries take the place of attempts", { attempts: 5 }, { retries: 0 }, { attempts: 1 }],
    ["attempts take the place of retries", { retries: 5 }, { attempts: 2 }, { attempts: 2 }],
    ["a time takes the place of a delay", { delay: "1m" }, { runAt: at }, { state: "delayed", at }],
    ["a delay takes the place of a time", { runAt: at }, { delay: 0 }, { state: "queued" }],
    ["another queue", { queue: "a" }, { queue: "b" }, { queue: "b", tags: ["kind:mail"] }],
    ["none of its own", { priority: 3 }, undefined, { priority: 3, attempts: 4 }],
  ])("%s", async (_what, all, own, expected) => {
    expect(await enqueued(all, own)).toMatchObject(expected);
  });

  it("are asked for once for each input, with its place, before anything is sent", async () => {
    const longshore = await inMemory();
    const asked: unknown[] = [];
    const each = (input: { to: number }, index: number): EnqueueOptions => {
      asked.push([input, index]);
      if (index === 2) throw new RangeError("no such address");
      return {};
    };

    await expect(longshore.enqueueMany(mail, [{ to: 5 }, { to: 6 }, { to: 7 }], { each })).rejects.toThrow(RangeError);
    expect(asked).toEqual([
      [{ to: 5 }, 0],
      [{ to: 6 }, 1],
      [{ to: 7 }, 2],
    ]);
    expect(await longshore.queues()).toEqual([]);
  });

  // Wrong on purpose: as it may come from JavaScript.
  it.each<[what: string, options: unknown, field: string]>([
    ["each is no function", { each: { id: "x" } }, "each"],
    ["each answers later", { each: async () => ({}) }, "each(inputs[0])"],
    ["each answers no options", { each: () => "5m" }, "each(inputs[0])"],
    ["each answers a list", { each: () => [] }, "each(inputs[0])"],
    ["each answers null", { each: () => null }, "each(inputs[0])"],
    ["each answers an unknown option", { each: () => ({ dealy: 5 }) }, "dealy"],
    ["two words of one layer", { each: () => ({ delay: 5, runAt: 5 }) }, "runAt"],
    ["an id is given to all", { id: "x" }, "id"],
    ["a key to supersede by is given to all", { supersedes: "x" }, "supersedes"],
    ["they are no object", "5m", "options"],
    ["they are null", null, "options"],
  ])("are refused where %s", async (_what, options, field) => {
    const longshore = await inMemory();
    const refused = longshore.enqueueMany(mail, [{ to: 1 }, { to: 2 }], options as object);
    await expect(refused).rejects.toThrow(InvalidInput);
    await expect(refused).rejects.toMatchObject({ field });
    expect(await longshore.queues()).toEqual([]);
  });
});

describe("a call that may be made again", () => {
  it("is known by its nonce: jobs with ids of one's own are `created` again, and those of another call `existing`", async () => {
    const longshore = await inMemory();
    const jobs = [{ task: "a", options: { id: "one" } }];
    const outcome = async (nonce?: string): Promise<unknown> =>
      (await longshore.enqueueAll(jobs, nonce === undefined ? {} : { nonce }))[0]?.outcome;
    const outcomes = [await outcome("n"), await outcome("n"), await outcome("m"), await outcome()];
    expect(outcomes).toEqual(["created", "created", "existing", "existing"]);
  });

  it.each([[""], ["a/b"], ["x".repeat(257)], [7], [null]])("is refused with the nonce %j", async (nonce) => {
    const longshore = await inMemory();
    const refused = longshore.enqueueAll([{ task: "a" }], { nonce: nonce as string });
    await expect(refused).rejects.toMatchObject({ code: "INVALID_INPUT", field: "nonce" });
    expect(await longshore.queues()).toEqual([]);
  });
});
