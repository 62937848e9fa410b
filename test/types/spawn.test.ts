// The types of jobs that start jobs, checked by the compiler: inputs and results follow from the task.
import { expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { task, type EndedDependency, type JobRef } from "longshore";

const page = task("page", { input: z.object({ url: z.string(), deep: z.boolean().default(false) }) }, ({ input }) => ({
  size: input.url.length,
  at: new Date(),
}));
const bare = task("bare", () => 7);

const site = task("site", async ({ spawn, dependencies }) => {
  expectTypeOf(await spawn(page, { url: "u" })).toEqualTypeOf<JobRef>();
  await spawn(page, { url: "u" }, { key: 1, name: "more", attempts: 2, queue: "pages", optional: true });
  await spawn(bare);
  await spawn("by-name", { any: "thing" }, { key: "x" });
  // @ts-expect-error a field that is missing
  await spawn(page, {});
  // @ts-expect-error no input at all
  await spawn(page);
  // @ts-expect-error an option that is the parent's to say
  await spawn(page, { url: "u" }, { id: "mine" });
  // @ts-expect-error an option that does not exist
  await spawn(page, { url: "u" }, { retrys: 1 });

  const { values, errors } = await spawn.all("pages", page, [{ url: "a" }, { url: "b", deep: true }]);
  expectTypeOf(values).toEqualTypeOf<{ size: number; at: string }[]>();
  expectTypeOf(errors[0]?.item.url).toEqualTypeOf<string | undefined>();
  await spawn.all("keyed", page, [{ url: "a" }], { key: ({ url }) => url, optional: true, timeout: "1m" });
  expectTypeOf((await spawn.all("named", "by-name", [1])).values).toEqualTypeOf<unknown[]>();
  // @ts-expect-error one wrong input among many
  await spawn.all("wrong", page, [{ url: "a" }, { url: 7 }]);
  // @ts-expect-error inputs that are no list
  await spawn.all("wrong", page, { url: "a" });
  // @ts-expect-error a key that is neither text nor number
  await spawn.all("wrong", page, [{ url: "a" }], { key: (input) => input });
  // @ts-expect-error superseding
  await spawn.all("wrong", page, [{ url: "a" }], { supersedes: "k" });

  expectTypeOf(await dependencies()).toEqualTypeOf<readonly EndedDependency[]>();
  return values.length;
});

it("follow from the task", () => {
  expect(site.name).toBe("site");
});
