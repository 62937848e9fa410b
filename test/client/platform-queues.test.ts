// Queues whose names begin with `longshore:` are the platform's: applications put nothing into them and stop none of them.
import { describe, expect, it } from "vitest";
import { connect, flow, InvalidInput, task, type Longshore } from "longshore";

const RESERVED = "longshore:bulk";
const work = task("work", () => "done");

const refused: Record<string, (longshore: Longshore) => unknown> = {
  "the queue of a task": () => task("other", { queue: RESERVED }),
  "the queue of a flow": () => flow("some", { queue: RESERVED }, ($) => $(work, {})),
  "enqueueing a task": (longshore) => longshore.enqueue(work, {}, { queue: RESERVED }),
  "enqueueing by name": (longshore) => longshore.enqueue("work", {}, { queue: "longshore:mine" }),
  "enqueueing many": (longshore) => longshore.enqueueMany(work, [1, 2], { queue: RESERVED }),
  "the queues of a worker": (longshore) => longshore.worker([work], { queues: ["default", RESERVED] }),
  "the weights of a worker": (longshore) => longshore.worker([work], { queues: { [RESERVED]: 2 } }),
  "a schedule": (longshore) =>
    longshore.schedules.put({ name: "nightly", task: "work", every: "1h", options: { queue: RESERVED } }),
  "the defaults of a queue": () => connect("memory:", { defaults: { queues: { [RESERVED]: { attempts: 2 } } } }),
  "a pause": (longshore) => longshore.queue(RESERVED).pause(),
};

describe("a reserved name", () => {
  it.each(Object.keys(refused))("is refused for %s", async (where) => {
    const longshore = await connect("memory:");
    try {
      const attempt = async (): Promise<unknown> => refused[where]?.(longshore);
      const error: unknown = await attempt().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(InvalidInput);
      expect((error as InvalidInput).message).toContain("reserved");
      expect(await longshore.queues({ system: true })).toEqual([]);
    } finally {
      await longshore.close();
    }
  });
});
