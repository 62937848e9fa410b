// Handlers whose tasks have a schema: their own, or that of the jobs that they make.
import { z } from "zod";
import { task } from "longshore";

/** A task of its own, with a schema. */
export const parsing = task(
  "parsing",
  { input: z.object({ n: z.coerce.number() }) },
  ({ input }) => `${typeof input.n} ${input.n}`,
);

const doubled = task("doubled", { queue: "children", attempts: 1, input: z.number() });

/** Makes jobs, waits for them, and looks at what it waited for. */
export async function spawning({ input, job, spawn, step, dependencies }) {
  await step("before", () => job.id);
  const alone = await spawn(doubled, 100, { name: "alone", key: input.length });
  const { values, errors } = await spawn.all("twice", doubled, input);
  const waited = await dependencies();
  return { alone, values, failed: errors.map(({ item, error }) => [item, error.message]), waited: waited.length };
}

/** Makes a job of an input that the task's schema refuses. */
export const misspawning = ({ spawn }) => spawn.all("twice", doubled, [1, "two"]);
