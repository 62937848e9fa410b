import { describe, expect, test } from "vitest";
import { makePlan, type Plan, type PlannedSystem, type Wishes } from "../../bench/plan.js";
import { firstJobs, fixedJobs, jobsAt, mostUncounted, roundsOf } from "../../bench/sizes.js";

const systems: PlannedSystem[] = [
  { name: "longshore-redis", store: "redis", cannot: {} },
  { name: "longshore-sqlite", store: "sqlite", cannot: {} },
  { name: "longshore-sqlite-full", store: "sqlite", cannot: {} },
  { name: "bullmq", store: "redis", cannot: {} },
  { name: "graphile-worker", store: "postgres", cannot: {} },
  { name: "rq", store: "redis", cannot: { retry: "it waits a second before it tries again" } },
  { name: "ceiling-redis", store: "redis", cannot: { retry: "a ceiling" } },
];
const scenarios = ["add-bulk", "run-10", "run-100", "retry", "pickup", "backlog", "idle", "recover"];
const everything: Wishes = { quick: false, scenarios: null, systems: null };

function planOf(wishes: Partial<Wishes>, missing: Record<string, string> = {}): Plan {
  return makePlan({ ...everything, ...wishes }, systems, scenarios, new Map(Object.entries(missing)));
}

/** Such as "bullmq/none". */
function cellsOf(plan: Plan, scenario: string): string[] {
  const cells = plan.steps.find((step) => step.scenario === scenario)?.cells ?? [];
  return cells.map(({ system, durability }) => `${system}/${durability}`);
}

describe("the full run", () => {
  test("measures every system with every durability it is set up with", () => {
    expect(cellsOf(planOf({}), "run-100")).toEqual([
      "longshore-redis/none",
      "longshore-redis/aof everysec",
      "longshore-sqlite/normal",
      "longshore-sqlite-full/full",
      "bullmq/none",
      "bullmq/aof everysec",
      "graphile-worker/synchronous_commit off",
      "graphile-worker/synchronous_commit on",
      "rq/none",
      "ceiling-redis/none",
      "ceiling-redis/aof everysec",
    ]);
  });

  test("says once why a system has no cell in a scenario", () => {
    expect(planOf({}).skipped).toContainEqual({
      system: "rq",
      scenario: "retry",
      reason: "it waits a second before it tries again",
    });
    expect(planOf({}).skipped.filter(({ reason }) => reason === "a ceiling")).toHaveLength(1);
  });

  test("measures more than one durability only where it makes a difference", () => {
    expect(cellsOf(planOf({}), "run-10")).toContain("bullmq/aof everysec");
    expect(cellsOf(planOf({}), "recover")).toContain("bullmq/none");
    expect(cellsOf(planOf({}), "recover")).not.toContain("bullmq/aof everysec");
    expect(cellsOf(planOf({}), "run-10")).not.toContain("graphile-worker/synchronous_commit on");
  });

  test("fills a million jobs only where that takes seconds, and in the peer", () => {
    expect(cellsOf(planOf({}), "backlog")).toEqual(["longshore-redis/none", "longshore-sqlite/normal", "bullmq/none"]);
    expect(cellsOf(planOf({ systems: ["rq"] }), "backlog")).toEqual(["rq/none"]);
  });
});

describe("the quick run", () => {
  const plan = planOf({ quick: true });

  test("measures the core on every system", () => {
    expect(cellsOf(plan, "add-bulk")).toContain("rq/none");
    expect(cellsOf(plan, "run-100")).toContain("bullmq/aof everysec");
    expect(cellsOf(plan, "run-100")).toContain("graphile-worker/synchronous_commit off");
  });

  test("measures the rest on bullmq and Longshore without persistence", () => {
    expect(cellsOf(plan, "run-10")).toEqual(["longshore-redis/none", "bullmq/none", "ceiling-redis/none"]);
    expect(cellsOf(plan, "pickup")).toEqual([
      "longshore-redis/none",
      "longshore-sqlite/normal",
      "bullmq/none",
      "ceiling-redis/none",
    ]);
  });

  test("leaves out what takes long", () => {
    expect(cellsOf(plan, "recover")).toEqual([]);
    expect(plan.skipped).toContainEqual({ system: "bullmq", scenario: "recover", reason: "only in the full run" });
  });

  test("lists all that it leaves out", () => {
    expect(plan.skipped).toContainEqual({ system: "rq", scenario: "run-10", reason: "only in the full run" });
    expect(plan.skipped).toContainEqual({
      system: "bullmq",
      scenario: "run-10",
      reason: "aof everysec: only in the full run",
    });
    expect(plan.skipped).toContainEqual({
      system: "graphile-worker",
      scenario: "add-bulk",
      reason: "synchronous_commit on: only in the full run",
    });
  });

  test("leaves out nothing that was asked for by name", () => {
    const asked = planOf({ quick: true, scenarios: ["run-10"], systems: ["rq", "bullmq"] });
    expect(cellsOf(asked, "run-10")).toEqual(["bullmq/none", "bullmq/aof everysec", "rq/none"]);
    expect(asked.skipped).toEqual([]);
  });
});

test("a system that is not installed is listed with the reason, if it was asked for", () => {
  const missing = { rq: "python3-rq is not installed" };
  const skip = { system: "rq", scenario: "all", reason: "python3-rq is not installed" };
  expect(planOf({}, missing).skipped).toContainEqual(skip);
  expect(cellsOf(planOf({}, missing), "run-100")).not.toContain("rq/none");
  expect(planOf({ systems: ["bullmq"] }, missing).skipped.map(({ system }) => system)).not.toContain("rq");
});

test("systems take turns, but idle ones are watched together", () => {
  const together = planOf({}).steps.filter((step) => step.together);
  expect(together.map(({ scenario }) => scenario)).toEqual(["idle"]);
});

test("a scenario that nothing can run is no step", () => {
  const plan = planOf({ systems: ["rq"], scenarios: ["retry", "run-10"] });
  expect(plan.steps.map(({ scenario }) => scenario)).toEqual(["run-10"]);
});

describe("the size of a round", () => {
  test.each([
    [200_000, 50_000],
    [10_000, 15_000],
    [5_000, 7_500],
    [20, 300],
  ])("at %d jobs a second a full round has %d", (perSecond, jobs) => {
    expect(jobsAt("run-100", perSecond, false)).toBe(jobs);
  });

  test.each([
    [200_000, 30_000],
    [20_000, 8_000],
    [1_500, 1_000],
    [900, 360],
    [20, 200],
  ])("at %d jobs a second a quick round has %d", (perSecond, jobs) => {
    expect(jobsAt("run-100", perSecond, true)).toBe(jobs);
  });

  test("is larger for a fleet, whose processes are new in each round", () => {
    expect(firstJobs("run-procs", true)).toBe(10_000);
    expect(jobsAt("run-procs", 2_000, true)).toBe(10_000);
    expect(jobsAt("run-procs", 25_000, true)).toBe(30_000);
  });

  test("is given by the scenario where speed is not the subject", () => {
    expect(fixedJobs("run-100", true)).toBeNull();
    expect(fixedJobs("recover", true)).toBe(1_000);
  });

  test("five rounds count wherever speed is the subject, in the quick run of what targets compare closely", () => {
    expect(roundsOf("run-100", false, "rq")).toBe(5);
    expect(roundsOf("run-100", true, "bullmq")).toBe(5);
    expect(roundsOf("run-100", true, "ceiling-redis")).toBe(5);
    expect(roundsOf("run-100", true, "rq")).toBe(3);
  });

  test("rounds go before those that count, unless the scenario warms up by itself", () => {
    expect(mostUncounted("run-100", false, "rq")).toBe(1);
    expect(mostUncounted("run-100", true, "bullmq")).toBe(3);
    expect(mostUncounted("run-100", true, "rq")).toBe(1);
    expect(mostUncounted("recover", false, "bullmq")).toBe(0);
  });
});
