// The types of the public API, checked by the compiler (`npm run typecheck`): what a task says of input and result is
// known wherever the task is used, and a wrong input does not compile.
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  task,
  type InputOf,
  type Job,
  type JobContext,
  type JobSnapshot,
  type Longshore,
  type ResultOf,
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

// Never called: only compiled.
export async function uses(longshore: Longshore): Promise<void> {
  expectTypeOf(await longshore.enqueue(analyse, { requirementId: "R1", at: "2026-01-01" })).toEqualTypeOf<
    Job<{ findings: string[] }, { requirementId: string; at: string; deep?: boolean | undefined }>
  >();
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

  const [job] = await longshore.enqueueMany(annotated, [{ n: 1 }, { input: { n: 2 }, options: { delay: "5m" } }]);
  expectTypeOf(job).toEqualTypeOf<Job<number, { n: number }> | undefined>();
  // @ts-expect-error one wrong input among many
  await longshore.enqueueMany(annotated, [{ n: 1 }, { n: "2" }]);
  expectTypeOf(job?.refresh()).toEqualTypeOf<Promise<JobSnapshot<number, { n: number }>> | undefined>();
  // @ts-expect-error an update with a wrong input
  await job?.update({ input: { n: "2" } });

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
  it("can be taken from a task", () => {
    expectTypeOf<InputOf<typeof annotated>>().toEqualTypeOf<{ n: number }>();
    expectTypeOf<ResultOf<typeof analyse>>().toEqualTypeOf<{ findings: string[] }>();
    expectTypeOf(declared).toEqualTypeOf<Task<{ to: string }, { messageId: string }>>();
    expect(declared.queue).toBe("mail");
  });
});
