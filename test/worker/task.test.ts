// Tasks are checked when they are defined: a mistake in one is refused before its first job.
import { describe, expect, it } from "vitest";
import { InvalidInput, task } from "longshore";

describe("a task", () => {
  it("with an option that does not exist is refused with a list of those that do", () => {
    const misspelt = { step: ["crawl"] } as object;
    const own =
      "queue, version, label, resultUrl, input, steps, milestones, statuses, classify, onSuperseded, runner, maxMemory, fresh, maxJobsPerChild, killGrace";
    expect(() => task("scan", misspelt)).toThrow(
      `step: ["crawl"] is not allowed: no such option; known: priority, attempts, retries, backoff, timeout, ttl, tags, keep, ${own}`,
    );
  });

  it.each<[string, object, string, string]>([
    ["no milestones", { milestones: [] }, "milestones", "at least one milestone"],
    ["no milestones with schemas", { milestones: {} }, "milestones", "at least one milestone"],
    ["a milestone twice", { milestones: ["HALF", "HALF"] }, "milestones[1]", "each milestone once"],
    ["milestones that are none", { milestones: "HALF" }, "milestones", "a list of names, or a Standard Schema by name"],
    ["no steps", { steps: [] }, "steps", "at least one step"],
    ["a step twice", { steps: ["crawl", "crawl"] }, "steps[1]", "each step once"],
  ])("with %s is refused", (_what, options, field, rule) => {
    expect(() => task("scan", options)).toThrow(InvalidInput);
    expect(() => task("scan", options)).toThrow(expect.objectContaining({ field, rule }));
  });
});
