// Filters as users write them: what is refused, how many jobs match, what they have in common, and tasks that no worker knows.
import { describe, expect, it } from "vitest";
import { connect, InvalidInput, task, type JobQuery } from "longshore";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";

const scan = task("scan", { queue: "scans", attempts: 1 }, ({ input }: { input: number }) => {
  if (input % 2 === 1) throw new TypeError(`no page ${input}`);
  return input;
});
const mail = task("mail", { queue: "mails" }, () => null);

onEveryEngine("jobs that match", (storage) => {
  it("are counted, and what they have in common", async () => {
    const longshore = await storage.connect();
    await longshore.enqueueMany(scan, [0, 1, 2, 3, 5], { tags: ["user:1", "user:2", "batch"] });
    await longshore.enqueueMany(mail, [undefined, undefined], { delay: "1h" });
    await longshore.worker([scan], { burst: true }).finished;

    expect(await longshore.jobs().count()).toEqual({ count: 7, atLeast: false });
    expect(await longshore.jobs({ not: { states: "failed" } }).count()).toEqual({ count: 4, atLeast: false });
    expect(await longshore.jobs({ errorText: "NO PAGE 3" }).count()).toEqual({ count: 1, atLeast: false });
    expect(await longshore.jobs({ created: { before: Date.now() + 1_000 } }).facets()).toEqual({
      ...{ count: 7, atLeast: false },
      states: [
        { value: "failed", count: 3 },
        { value: "completed", count: 2 },
        { value: "delayed", count: 2 },
      ],
      tasks: [
        { value: "scan", count: 5 },
        { value: "mail", count: 2 },
      ],
      queues: [
        { value: "scans", count: 5 },
        { value: "mails", count: 2 },
      ],
      tagKeys: [
        { value: "batch", count: 5 },
        { value: "user", count: 5 },
      ],
      errors: [
        {
          value: expect.stringMatching(/^1[0-9a-f]{12}$/),
          count: 3,
          name: "TypeError",
          message: expect.stringMatching("no page"),
        },
      ],
    });
  });

  it("are those whose task no worker of their queue knows, as workers come and go", async () => {
    const longshore = await storage.connect();
    const old = await longshore.enqueue("old", {}, { queue: "scans", delay: "1h" });
    const known = await longshore.enqueue(scan, 0, { delay: "1h" });
    const ids = async (query: JobQuery): Promise<string[]> =>
      (await longshore.jobs(query).page()).jobs.map(({ id }) => id);
    expect(await ids({ noWorker: true })).toEqual([old.id, known.id]);

    const worker = longshore.worker([scan]);
    await expect.poll(() => ids({ noWorker: true })).toEqual([old.id]);
    expect(await ids({ noWorker: false })).toEqual([known.id]);
    expect(await ids({ not: { noWorker: true } })).toEqual([known.id]);
    await worker.stop();
    expect(await ids({ not: { noWorker: true } })).toEqual([]);
  });

  it("come newest or oldest first, and are commanded by the same filters", async () => {
    const longshore = await storage.connect();
    const jobs = await longshore.enqueueMany("late", [1, 2, 3], {
      queue: "q",
      each: (_input, n) => ({ delay: (n + 1) * 60_000 }),
    });
    const ids = jobs.map(({ id }) => id);
    const listed = async (order: "newest" | "oldest"): Promise<string[]> =>
      (await longshore.queue("q").jobs({}, { order }).page()).jobs.map(({ id }) => id);

    expect(await listed("oldest")).toEqual(ids);
    expect(await listed("newest")).toEqual(ids.toReversed());
    expect(await longshore.cancelAll({ idPrefix: ids[0] ?? "" })).toMatchObject({ applied: 1 });
    expect(await longshore.promoteAll({ not: { queues: ["other"] } })).toMatchObject({ applied: 2 });
  });
});

describe("more than 10,000 matches", () => {
  it("are counted as at least so many, and exactly where queues count them", async () => {
    const longshore = await connect("memory:");
    await longshore.enqueueMany(
      "many",
      Array.from({ length: 10_001 }, () => 0),
    );

    expect(await longshore.jobs({ task: "many" }).count()).toEqual({ count: 10_000, atLeast: true });
    expect(await longshore.jobs({ states: "queued" }).count()).toEqual({ count: 10_001, atLeast: false });
    expect(await longshore.jobs().facets()).toMatchObject({
      atLeast: true,
      states: [{ value: "queued", count: 10_000 }],
    });
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(longshore.jobs({ task: "many" }).count({ signal })).rejects.toThrow("enough");
    await longshore.close();
  });
});

describe("a filter is refused", () => {
  it.each<[unknown, string]>([
    [{ tsk: "scan" }, "tsk"],
    [{ not: { tsk: "scan" } }, "not.tsk"],
    [{ not: { not: {} } }, "not.not"],
    [{ constructor: "scan" }, "constructor"],
    [JSON.parse('{ "__proto__": "scan" }'), "__proto__"],
    [{ not: { toString: "scan" } }, "not.toString"],
    [{ not: null }, "not"],
    [{ not: [] }, "not"],
    [{ queues: [] }, "queues"],
    [{ queues: "scans" }, "queues"],
    [{ tasks: ["bad task"] }, "tasks[0]"],
    [{ tags: ["a", ""] }, "tags[1]"],
    [{ priority: "5" }, "priority"],
    [{ priority: {} }, "priority"],
    [{ priority: { from: 5 } }, "priority"],
    [{ attempt: { min: Number.NaN } }, "attempt.min"],
    [{ created: { from: "today" } }, "created.from"],
    [{ finished: new Date() }, "finished"],
    [{ finished: { before: undefined } }, "finished"],
    [{ priority: { min: undefined, max: undefined } }, "priority"],
    [{ not: { created: { from: undefined } } }, "not.created"],
    [{ errorText: "" }, "errorText"],
    [{ idPrefix: "x".repeat(1_001) }, "idPrefix"],
    [{ not: { states: ["done"] } }, "not.states[0]"],
    [{ noWorker: "yes" }, "noWorker"],
    [{ noWorker: true, not: { noWorker: true } }, "not.noWorker"],
  ])("%j names the field", async (query, field) => {
    const longshore = await connect("memory:");
    const refused = (): unknown => longshore.jobs(query as JobQuery);
    expect(refused).toThrow(InvalidInput);
    expect(refused).toThrow(expect.objectContaining({ field }));
    await longshore.close();
  });

  it.each<[unknown, string]>([
    [null, "options"],
    [{ singal: null }, "singal"],
  ])("so are the options %j of what is asked of a list", async (options, field) => {
    const longshore = await connect("memory:");
    const list = longshore.jobs();
    for (const asked of [list.page(options as object), list.count(options as object), list.facets(options as object)]) {
      await expect(asked).rejects.toThrow(expect.objectContaining({ field }));
    }
    await longshore.close();
  });

  it("so is an order, and a field that there is not", async () => {
    const longshore = await connect("memory:");
    expect(() => longshore.jobs({}, { order: "best" as "newest" })).toThrow(
      expect.objectContaining({ field: "order" }),
    );
    expect(() => longshore.jobs({}, { fields: ["inputs" as "input"] })).toThrow(
      expect.objectContaining({ field: "fields[0]" }),
    );
    await longshore.close();
  });
});
