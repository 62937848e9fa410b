import { describe, expect, test } from "vitest";
import { parseUnique } from "../../../src/model/job/unique.js";

describe("uniqueness", () => {
  test("is until the job has finished, and joins, when nothing is said", () => {
    expect(parseUnique("unique", { key: "k" })).toEqual({ key: "k", until: "finished", onConflict: "join" });
  });

  test("may be until the job has started, or for a time", () => {
    expect(parseUnique("unique", { key: "k", until: "started", onConflict: "reject" }).until).toBe("started");
    expect(parseUnique("unique", { key: "k", until: "10m" }).until).toBe(600_000);
  });

  test("may replace what waits", () => {
    expect(parseUnique("unique", { key: "k", until: "started", onConflict: "replace" }).onConflict).toBe("replace");
  });

  test("throttles: one job in a time", () => {
    expect(parseUnique("unique", { key: "k", throttle: "1m" })).toEqual({
      key: "k",
      until: 60_000,
      onConflict: "join",
    });
    expect(parseUnique("unique", { key: "k", throttle: "1m", onConflict: "reject" }).onConflict).toBe("reject");
  });

  test("debounces: waits for quiet, with the last input, for so long at most", () => {
    expect(parseUnique("unique", { key: "k", debounce: "5s" })).toEqual({
      key: "k",
      until: "started",
      onConflict: "replace",
      debounce: { wait: 5_000, most: null },
    });
    const { debounce } = parseUnique("unique", { key: "k", debounce: "5s", maxWait: "1m" });
    expect(debounce).toEqual({ wait: 5_000, most: 60_000 });
  });

  test.each([
    [{ key: "k", throttle: 0 }, "unique.throttle"],
    [{ key: "k", throttle: "1m", until: "started" }, "unique.until"],
    [{ key: "k", throttle: "1m", debounce: "1m" }, "unique.debounce"],
    [{ key: "k", debounce: "soon" }, "unique.debounce"],
    [{ key: "k", debounce: "5s", onConflict: "join" }, "unique.onConflict"],
    [{ key: "k", debounce: "5s", until: "finished" }, "unique.until"],
    [{ key: "k", debounce: "5s", maxWait: "4s" }, "unique.maxWait"],
    [{ key: "k", maxWait: "4s" }, "unique.maxWait"],
    [null, "unique"],
    ["k", "unique"],
    [{ key: "" }, "unique.key"],
    [{ key: "k", until: 0 }, "unique.until"],
    [{ key: "k", until: "done" }, "unique.until"],
    [{ key: "k", onConflict: "throw" }, "unique.onConflict"],
    [{ key: "k", scope: "all" }, "unique.scope"],
  ])("may not be %j", (value, field) => {
    expect(() => parseUnique("unique", value)).toThrow(expect.objectContaining({ code: "INVALID_INPUT", field }));
  });
});
