// A loop over events is left by `return()` at once, also while it waits for the next event.
import { expect, it } from "vitest";
import { connect } from "longshore";

it.each(["of a queue", "of a job"])("return() ends a wait for events %s", async (which) => {
  const longshore = await connect("memory:");
  const job = await longshore.enqueue("sample", null, { queue: "q", delay: "1h" });
  const events = (which === "of a queue" ? longshore.watch("q") : job.events())[Symbol.asyncIterator]();
  if (which === "of a job") await events.next();
  const waiting = events.next();

  expect(await events.return?.()).toEqual({ done: true, value: undefined });
  expect(await waiting).toEqual({ done: true, value: undefined });
  await longshore.close();
});
