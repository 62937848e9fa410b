// The types of the public API, checked by the compiler (`npm run typecheck`): what a task declares of input and result is
// known wherever the task is used, and a wrong input does not compile.
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  module,
  statuses,
  task,
  type InputOf,
  type Job,
  type JobContext,
  type JobSnapshot,
  type Longshore,
  type ResultOf,
  type SlimSnapshot,
  type SnapshotWith,
  type Stored,
  type Task,
} from "longshore";

const analyse = task(
  "analyse",
  { input: z.object({ requirementId: z.string(), at: z.coerce.date<string>(), deep: z.boolean().default(false) }) },
  async ({ input }) => {
    expectTypeOf(input).toEqualTypeOf<{ requirementId: string; at: Date; deep: boolean }>();
    return Promise.resolve({ findings: [input.requirementId] });
  },
);
const annotated = task("annotated", { attempts: 2 }, ({ input }: JobContext<{ n: number }>) => input.n + 1);
const structural = task("structural", {}, async ({ input }: { input: { url: string } }) => Promise.resolve(input.url));
const declared = task<{ to: string }, { messageId: string }>("declared", { queue: "mail" });
const declaredWithSchema = task<{ to: string }, number>("declared-2", { input: z.object({ to: z.string() }) });
const bare = task("bare");
const noInput = task("no-input", {}, () => 7);

const scanned = task(
  "scanned",
  {
    input: z.object({ url: z.string() }),
    steps: ["crawl", "parse"],
    milestones: { TEASER_READY: z.object({ title: z.string(), score: z.number().default(0) }) },
  },
  async ({ step, emit, input }) => {
    const page = await step("crawl", () => ({
      at: new Date(),
      url: input.url,
      title: undefined as string | undefined,
    }));
    expectTypeOf(page).toEqualTypeOf<{ at: string; url: string; title: string | undefined }>();
    // @ts-expect-error a step that is not declared
    await step("index", () => 1);
    // @ts-expect-error a step over items that is not declared
    await step.all("index", ["a"], () => 1);
    await step.sleep("anything", "5m");
    await emit("TEASER_READY", { title: page.url });
    // @ts-expect-error a milestone that is not declared
    await emit("FULL_READY", {});
    // @ts-expect-error a milestone that shows something else
    await emit("TEASER_READY", { name: "x" });
    return page.url;
  },
);
const ordered = task(
  "ordered",
  {
    statuses: statuses({ initial: "PLACED", transitions: { PLACED: ["PAID", "VOID"], PAID: [], VOID: [] } }),
  },
  async ({ status, input }: JobContext<{ n: number }, string, Record<string, unknown>, "PLACED" | "PAID" | "VOID">) => {
    expectTypeOf(status.current).toEqualTypeOf<string>();
    await status.set("PAID");
    // @ts-expect-error a status that is not declared
    await status.set("SENT");
    return input.n;
  },
);
const inferred = task(
  "inferred",
  { input: z.object({ n: z.number() }), statuses: statuses({ initial: "A", transitions: { A: ["B"], B: [] } }) },
  async ({ status, input }) => {
    // @ts-expect-error a status that is not declared
    await status.set("C");
    await status.set("B");
    return input.n;
  },
);
const handledElsewhere = task("handled-elsewhere", {
  statuses: statuses({ initial: "A", transitions: { A: ["B"], B: [] } }),
});
const weighted = task("weighted", { steps: { crawl: 1, analyse: 5 }, milestones: ["HALF"] }, async ({ step, emit }) => {
  expectTypeOf(await step("crawl", () => undefined)).toEqualTypeOf<null>();
  expectTypeOf(await step("analyse", () => Promise.resolve(7), { optional: true })).toEqualTypeOf<number | undefined>();
  await emit("HALF", { any: "thing" });
  // @ts-expect-error a milestone that is not declared
  await emit("WHOLE", 1);
  // @ts-expect-error a step that is not declared
  await step("parse", () => 1);
});
const chosen = task(
  "chosen",
  { input: z.object({ code: z.string() }), steps: ({ code }) => (code === "R-D" ? ["data"] : ["data", "features"]) },
  async ({ step }) => {
    await step("features", () => 1);
    // @ts-expect-error a step that no job has
    await step("structure", () => 1);
  },
);
const free = task("free", {}, async ({ step, emit, progress, count, input }: JobContext<{ urls: string[] }>) => {
  const { values, errors } = await step.all("fetch", input.urls, (url, { signal, tryNumber: attempt }) => {
    expectTypeOf(url).toEqualTypeOf<string>();
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    return Promise.resolve({ url, attempt });
  });
  expectTypeOf(values).toEqualTypeOf<{ url: string; attempt: number }[]>();
  expectTypeOf(errors[0]?.item).toEqualTypeOf<string | undefined>();
  await step.all("objects", [{ id: 1 }], ({ id }) => id, { key: ({ id }) => id, concurrency: 3 });
  // @ts-expect-error items that are no strings or numbers need a key
  await step.all("keyless", [{ id: 1 }], ({ id }) => id);
  progress(1, 2, "one of two");
  progress(50);
  count("issues", 3);
  await emit("whatever", { any: "thing" });
  return values.length;
});
const remote = task<{ n: number }, number, "crawl" | "parse">("remote", { steps: ["crawl", "parse"] });

const byFunction = task(
  "by-function",
  { runner: "process" },
  module<(context: JobContext<{ url: string }>) => Promise<number>>("./tasks.js#scan"),
);
const byTask = task("by-task", { runner: "thread" }, module<typeof annotated>("./tasks.js#annotated"));
const byName = task("by-name", module("./tasks.js#anything"));
const bySchema = task(
  "by-schema",
  { runner: "thread", input: z.object({ at: z.coerce.date<string>() }) },
  module<(context: { input: { at: Date } }) => string>("./tasks.js#dated"),
);

// Never called: only compiled.
export async function uses(longshore: Longshore): Promise<void> {
  // @ts-expect-error no weights
  task("wrong", { steps: { crawl: "1" } });
  // @ts-expect-error no schema
  task("wrong", { milestones: { HALF: "a schema" } });
  task(
    "mismatch",
    { steps: ["crawl"] },
    // @ts-expect-error a handler with steps that are not declared
    async ({ step }: JobContext<string, "crawl" | "parse">) => step("parse", () => 1),
  );

  expectTypeOf(await longshore.enqueue(analyse, { requirementId: "R1", at: "2026-01-01" })).toEqualTypeOf<
    Job<{ findings: string[] }, { requirementId: string; at: string; deep?: boolean | undefined }>
  >();
  expectTypeOf(await (await longshore.enqueue(byFunction, { url: "u" })).result()).toEqualTypeOf<number>();
  // @ts-expect-error an input that the module's handler does not take
  await longshore.enqueue(byFunction, { uri: "u" });
  expectTypeOf(await (await longshore.enqueue(byTask, { n: 1 })).result()).toEqualTypeOf<number>();
  expectTypeOf(await (await longshore.enqueue(byName, { any: "thing" })).result()).toEqualTypeOf<unknown>();
  expectTypeOf(await (await longshore.enqueue(bySchema, { at: "2026-01-01" })).result()).toEqualTypeOf<string>();
  // @ts-expect-error a runner that does not exist
  task("wrong-runner", { runner: "fork" });
  // @ts-expect-error a missing field
  await longshore.enqueue(analyse, { requirementId: "R1" });
  // @ts-expect-error a field of the wrong type
  await longshore.enqueue(analyse, { requirementId: 1, at: "2026-01-01" });
  // @ts-expect-error a field that does not exist
  await longshore.enqueue(annotated, { n: 1, m: 2 });
  // @ts-expect-error no input at all
  await longshore.enqueue(annotated);
  // @ts-expect-error an option that does not exist
  await longshore.enqueue(annotated, { n: 1 }, { dealy: 5 });
  // @ts-expect-error a duration that is none
  await longshore.enqueue(annotated, { n: 1 }, { delay: "soon" });

  expectTypeOf(await (await longshore.enqueue(annotated, { n: 1 })).result()).toEqualTypeOf<number>();
  expectTypeOf(await (await longshore.enqueue(structural, { url: "u" })).result()).toEqualTypeOf<string>();
  expectTypeOf(await (await longshore.enqueue(declared, { to: "me" })).result()).toEqualTypeOf<{ messageId: string }>();
  expectTypeOf(await (await longshore.enqueue(declaredWithSchema, { to: "me" })).result()).toEqualTypeOf<number>();
  expectTypeOf(await (await longshore.enqueue(noInput)).result()).toEqualTypeOf<number>();
  expectTypeOf(await (await longshore.enqueue(bare, { any: "thing" })).result()).toEqualTypeOf<unknown>();
  expectTypeOf(await (await longshore.enqueue("by-name", { any: "thing" })).result()).toEqualTypeOf<unknown>();

  const [job] = await longshore.enqueueMany(annotated, [{ n: 1 }, { n: 2 }], {
    priority: 1,
    each: ({ n }, index) => (n === 1 ? undefined : { delay: `${index}m` }),
  });
  expectTypeOf(job).toEqualTypeOf<Job<number, { n: number }> | undefined>();
  // @ts-expect-error one wrong input among many
  await longshore.enqueueMany(annotated, [{ n: 1 }, { n: "2" }]);
  // @ts-expect-error options beside an input, not by each
  await longshore.enqueueMany(annotated, [{ input: { n: 2 }, options: { delay: "5m" } }]);
  // @ts-expect-error an option that does not exist, of one
  await longshore.enqueueMany(annotated, [{ n: 1 }], { each: () => ({ dealy: 5 }) });
  // @ts-expect-error options that come later
  await longshore.enqueueMany(annotated, [{ n: 1 }], { each: async () => ({ delay: "5m" }) });
  // @ts-expect-error of one job there is no each
  await longshore.enqueue(annotated, { n: 1 }, { each: () => ({}) });
  await longshore.enqueueMany("by-name", [1], { each: (input) => ({ id: String(input) }) });
  expectTypeOf(job?.refresh()).toEqualTypeOf<Promise<JobSnapshot<number, { n: number }>> | undefined>();
  const [slim] = (await longshore.jobs({ not: { states: "completed" } }).page()).jobs;
  expectTypeOf<NonNullable<typeof slim>>().toExtend<SlimSnapshot>();
  expectTypeOf<NonNullable<typeof slim>>().not.toHaveProperty("input");
  const [some] = (await longshore.jobs({}, { fields: ["result", "history"] }).page()).jobs;
  expectTypeOf(some).toEqualTypeOf<SnapshotWith<"result" | "history"> | undefined>();
  expectTypeOf<NonNullable<typeof some>>().not.toHaveProperty("meta");
  const [all] = (await longshore.jobs({}, { fields: "all" }).page()).jobs;
  expectTypeOf(all?.input).toEqualTypeOf<unknown>();
  // @ts-expect-error a field that there is not
  longshore.jobs({}, { fields: ["inputs"] });
  // @ts-expect-error a condition that there is not
  longshore.jobs({ not: { not: {} } });
  // @ts-expect-error an update with a wrong input
  await job?.update({ input: { n: "2" } });

  expectTypeOf(await (await longshore.enqueue(scanned, { url: "u" })).result()).toEqualTypeOf<string>();
  // @ts-expect-error a field of the wrong type
  await longshore.enqueue(scanned, { url: 1 });
  expectTypeOf(await (await longshore.enqueue(free, { urls: [] })).result()).toEqualTypeOf<number>();
  await longshore.enqueue(weighted);
  await longshore.enqueue(chosen, { code: "R-D" });

  longshore.worker([scanned, weighted, chosen, free]).handle(remote, async ({ input, step }) => {
    // @ts-expect-error a step that is not declared
    await step("index", () => 1);
    return step("crawl", () => input.n);
  });
  longshore.worker([scanned]).handle(handledElsewhere, async ({ status }) => {
    // @ts-expect-error a status that is not declared
    await status.set("C");
    await status.set("B");
  });
  const worker = longshore.worker([analyse, annotated, structural, declared, bare, noInput]);
  worker.handle(declared, ({ input }) => {
    expectTypeOf(input).toEqualTypeOf<{ to: string }>();
    return { messageId: input.to };
  });
  // @ts-expect-error a handler that returns something else than the task says
  worker.handle(declared, () => ({ id: 1 }));
  worker.on("failed", (failed, error) => {
    expectTypeOf(failed.attempt).toEqualTypeOf<number>();
    expectTypeOf(error).toEqualTypeOf<unknown>();
  });
}

describe("types", () => {
  it("tasks with statuses of their own go wherever tasks go", () => {
    expectTypeOf<InputOf<typeof ordered>>().toEqualTypeOf<{ n: number }>();
    expectTypeOf<ResultOf<typeof inferred>>().toEqualTypeOf<number>();
  });

  it("say what a value is once it was stored", () => {
    expectTypeOf<Stored<Date>>().toEqualTypeOf<string>();
    expectTypeOf<Stored<void>>().toEqualTypeOf<null>();
    expectTypeOf<Stored<unknown>>().toEqualTypeOf<unknown>();
    expectTypeOf<Stored<[Date, number | undefined]>>().toEqualTypeOf<[string, number | null]>();
    expectTypeOf<Stored<{ a?: Date; b: { c: readonly URL[] } }>>().toEqualTypeOf<{
      a?: string | undefined;
      b: { c: readonly string[] };
    }>();
    expectTypeOf<Stored<{ kind: "x"; n: 1 } | { kind: "y" }>>().toEqualTypeOf<{ kind: "x"; n: 1 } | { kind: "y" }>();
    expectTypeOf<Stored<bigint>>().toEqualTypeOf<never>();
    expect(scanned.steps).toEqual({ crawl: 1, parse: 1 });
    expect(weighted.steps).toEqual({ crawl: 1, analyse: 5 });
    expect([...(weighted.milestones?.keys() ?? [])]).toEqual(["HALF"]);
    expect([bare.steps, bare.milestones]).toEqual([null, null]);
  });

  it("can be taken from a task", () => {
    expectTypeOf<InputOf<typeof annotated>>().toEqualTypeOf<{ n: number }>();
    expectTypeOf<ResultOf<typeof analyse>>().toEqualTypeOf<{ findings: string[] }>();
    expectTypeOf(declared).toEqualTypeOf<Task<{ to: string }, { messageId: string }>>();
    expectTypeOf<InputOf<typeof scanned>>().toEqualTypeOf<{ url: string }>();
    expect(declared.queue).toBe("mail");
  });
});

it("infers what a wrapper of enqueue answers, and not the overload for a missing input", () => {
  expectTypeOf<Awaited<ReturnType<Longshore["enqueue"]>>>().toEqualTypeOf<Job>();
});
