// An error that asks for a retry after an invalid time still asks for a retry: the job waits as it would have anyway, keeps the
// error, and the mistake is reported once.
import { describe, expect, it } from "vitest";
import { RetryAfter, Snooze, task, type AnyTask, type JobSnapshot } from "longshore";
import { FakeTimeFixture } from "../fixtures/fake-time-fixture.js";

const NO_DURATION: [string, number | string][] = [
  ["NaN", Number.NaN],
  ["an endless time", Number.POSITIVE_INFINITY],
  ["an endless time ago", Number.NEGATIVE_INFINITY],
  ["a time of day for a time span", Date.UTC(2026, 0)],
  ["a number as text", "2"],
  ["words", "2 seconds"],
  ["nothing", undefined as never],
];

/** How the first run of a job ended. */
interface FirstRun {
  readonly job: JobSnapshot;
  /** Milliseconds until the next. */
  readonly wait: number;
  /** What the worker complained of. */
  readonly told: readonly string[];
  /** What the job's log warns of. */
  readonly warnings: readonly string[];
}

async function runOnce(own: AnyTask): Promise<FirstRun> {
  const fixture = new FakeTimeFixture();
  const told: string[] = [];
  fixture.longshore.worker([own]).on("error", (error) => told.push(error.message));
  const handle = await fixture.enqueue(own);
  await fixture.rest();
  const job = await handle.refresh();
  const warnings = (await handle.logs()).lines.filter(({ level }) => level === "warn").map(({ message }) => message);
  const wait = job.runAt - fixture.clock.now();
  await fixture.longshore.close();
  return { job, wait, told, warnings };
}

const throwing = (error: () => unknown): AnyTask =>
  task("limited", { attempts: 3, backoff: "3s" }, () => {
    throw error();
  });

describe("RetryAfter", () => {
  it.each(NO_DURATION)("with %s waits by the backoff of the job", async (_what, delay) => {
    const { job, wait, told, warnings } = await runOnce(throwing(() => new RetryAfter(delay, "rate limited")));

    expect([job.state, wait]).toEqual(["delayed", 3_000]);
    expect(job.error).toMatchObject({ name: "RetryAfter", message: "rate limited" });
    expect(warnings).toEqual([expect.stringMatching(/^RetryAfter\.delay: .* is not allowed: a duration/)]);
    expect(told).toEqual(warnings);
  });

  it("with a time that is over does not wait", async () => {
    const fixture = new FakeTimeFixture();
    const limited = task("limited", { attempts: 2, backoff: "1h" }, ({ job }) => {
      if (job.attempt === 1) throw new RetryAfter(-7, "rate limited");
      return "done";
    });
    fixture.longshore.worker([limited]).on("error", () => {});
    const handle = await fixture.enqueue(limited);
    await fixture.rest();
    const { state, attempt, history } = await handle.refresh();

    expect({ state, attempt }).toEqual({ state: "completed", attempt: 2 });
    expect(history[0]?.error?.message).toBe("rate limited");
    expect((await handle.logs()).lines).toMatchObject([{ level: "warn", message: expect.stringContaining("-7") }]);
    await fixture.longshore.close();
  });

  it("with a valid time reports no error", async () => {
    const { wait, told, warnings } = await runOnce(throwing(() => new RetryAfter("30s")));
    expect({ wait, told, warnings }).toEqual({ wait: 30_000, told: [], warnings: [] });
  });

  it("of a step with tries of its own waits by the backoff of the step", async () => {
    const fixture = new FakeTimeFixture();
    const scan = task("scan", { attempts: 1 }, ({ step }) =>
      step(
        "crawl",
        ({ tryNumber: attempt }) => {
          if (attempt === 1) throw new RetryAfter(Number.NaN);
          return attempt;
        },
        { retry: { tries: 2, backoff: "3s" } },
      ),
    );
    fixture.longshore.worker([scan]);
    const handle = await fixture.enqueue(scan);
    await fixture.pass(2_900);
    expect((await handle.refresh()).state).toBe("active");
    await fixture.pass(200);
    expect((await handle.refresh()).state).toBe("completed");
    await fixture.longshore.close();
  });
});

describe("Snooze", () => {
  it.each(NO_DURATION)("with %s waits 10 s, uncounted", async (_what, delay) => {
    const { job, wait, told, warnings } = await runOnce(throwing(() => new Snooze(delay)));

    expect([job.state, wait, job.attempt]).toEqual(["delayed", 10_000, 0]);
    expect(warnings).toEqual([expect.stringMatching(/^Snooze\.delay: .* is not allowed: a duration/)]);
    expect(told).toEqual(warnings);
  });
});

describe("a classifier", () => {
  it("that names a wait that is none leaves it to the backoff of the job", async () => {
    const own = task(
      "limited",
      { attempts: 3, backoff: "3s", classify: () => ({ kind: "retry-after", delay: Number.NaN }) },
      () => {
        throw new Error("busy");
      },
    );
    const { job, wait, warnings } = await runOnce(own);

    expect([job.state, wait, job.error?.message]).toEqual(["delayed", 3_000, "busy"]);
    expect(warnings).toHaveLength(1);
  });
});
