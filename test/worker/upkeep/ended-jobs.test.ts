// Ends without a run as applications see them: the events of workers tell of jobs that no worker ran.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { JobFailed, task, type Worker } from "longshore";
import { onEveryEngine } from "../fixtures/on-engines.js";
import { FakeTimeFixture } from "../fixtures/fake-time-fixture.js";

type End = "failed" | "cancelled" | "superseded" | "expired";

/** Collects the ends that workers emit, as `event id`. */
function listen(...workers: Worker[]): { ends: string[]; errors: unknown[] } {
  const ends: string[] = [];
  const errors: unknown[] = [];
  for (const worker of workers) {
    worker.on("failed", ({ id }, error) => {
      ends.push(`failed ${id}`);
      errors.push(error);
    });
    for (const name of ["cancelled", "superseded", "expired"] as const satisfies readonly End[]) {
      worker.on(name, ({ id }) => void ends.push(`${name} ${id}`));
    }
  }
  return { ends, errors };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(2);
}

onEveryEngine("jobs that end without a run", (storage) => {
  it("are emitted by one of the workers of their task that are listened to, each once", async () => {
    const longshore = await storage.connect();
    const work = task("work", { attempts: 1 }, ({ input }: { input: { fails?: boolean } }) => {
      if (input.fails) throw new TypeError("broken");
    });
    const [first, second] = [longshore.worker([work]), longshore.worker([work])];
    const { ends, errors } = listen(first, second);

    const cancelled = await longshore.enqueue(work, {}, { delay: "1h" });
    await cancelled.cancel();
    const expired = await longshore.enqueue(work, {}, { delay: "1h", ttl: "1s" });
    const superseded = await longshore.enqueue(work, {}, { delay: "1h", supersedes: "key" });
    await longshore.enqueue(work, {}, { delay: "1h", supersedes: "key" });
    const failed = await longshore.enqueue(work, { fails: true });
    const dependent = await longshore.enqueue(work, {}, { after: [failed] });

    await until(() => ends.length >= 5);
    expect(ends.toSorted()).toEqual(
      [
        `cancelled ${cancelled.id}`,
        `expired ${expired.id}`,
        `superseded ${superseded.id}`,
        `failed ${failed.id}`,
        `failed ${dependent.id}`,
      ].toSorted(),
    );
    expect(errors).toContainEqual(new TypeError("broken"));
    const lost = errors.find((error) => error instanceof JobFailed);
    expect(lost).toMatchObject({ state: "failed", message: expect.stringContaining(dependent.id) });
  });
});

describe("a worker at rest", () => {
  it("emits the end of a job that is cancelled, within two seconds", async () => {
    const fixture = new FakeTimeFixture();
    const work = task("work", () => 1);
    const { ends } = listen(fixture.longshore.worker([work]));
    await fixture.pass(100_000, 1_000);
    const job = await fixture.longshore.enqueue(work, {}, { delay: "1h" });
    await fixture.pass(5_000);
    expect(ends).toEqual([]);
    await job.cancel();
    await fixture.pass(2_000);
    expect(ends).toEqual([`cancelled ${job.id}`]);
  });
});
