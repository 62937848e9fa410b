// Tasks are checked when they are defined: a mistake in one is refused before its first job.
import { describe, expect, it } from "vitest";
import { InvalidInput, task } from "longshore";

const SECRET_PLACE =
  'a place such as "input.customer.iban": input, result, meta, steps, milestones, then up to 20 keys with dots between, * for any';

describe("a task", () => {
  it("with an option that does not exist is refused with a list of those that do", () => {
    const misspelt = { step: ["crawl"] } as object;
    const own =
      "queue, version, label, resultUrl, redact, input, steps, milestones, statuses, classify, onSuperseded, runner, maxMemory, fresh, maxJobsPerChild, killGrace";
    expect(() => task("scan", misspelt)).toThrow(
      `step: ["crawl"] is not allowed: no such option; known: priority, attempts, retries, backoff, timeout, ttl, tags, keep, ${own}`,
    );
  });

  it.each<[string, object, string, string]>([
    ["no milestones", { milestones: [] }, "milestones", "at least one milestone"],
    ["no milestones with schemas", { milestones: {} }, "milestones", "at least one milestone"],
    ["a milestone twice", { milestones: ["HALF", "HALF"] }, "milestones[1]", "each milestone once"],
    ["milestones that are none", { milestones: "HALF" }, "milestones", "a list of names, or a Standard Schema by name"],
    ["secret places that are no list", { redact: "input.iban" }, "redact", "a list of at most 50 places"],
    ["a secret place outside of payloads", { redact: ["input", "tags.user"] }, "redact[1]", SECRET_PLACE],
    ["a secret place with an empty key", { redact: ["input..iban"] }, "redact[0]", SECRET_PLACE],
    ["a secret place in no step", { redact: ["steps"] }, "redact[0]", SECRET_PLACE],
    ["no steps", { steps: [] }, "steps", "at least one step"],
    ["a step twice", { steps: ["crawl", "crawl"] }, "steps[1]", "each step once"],
  ])("with %s is refused", (_what, options, field, rule) => {
    expect(() => task("scan", options)).toThrow(InvalidInput);
    expect(() => task("scan", options)).toThrow(expect.objectContaining({ field, rule }));
  });
});
