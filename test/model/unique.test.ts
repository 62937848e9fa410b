import { describe, expect, test } from "vitest";
import { parseUnique } from "../../src/model/unique.js";

describe("uniqueness", () => {
  test("is until the job has finished, and joins, when nothing is said", () => {
    expect(parseUnique("unique", { key: "k" })).toEqual({ key: "k", until: "finished", then: "join" });
  });

  test("may be until the job has started, or for a time", () => {
    expect(parseUnique("unique", { key: "k", until: "started", then: "reject" }).until).toBe("started");
    expect(parseUnique("unique", { key: "k", until: "10m" }).until).toBe(600_000);
  });

  test.each([
    [null, "unique"],
    ["k", "unique"],
    [{ key: "" }, "unique.key"],
    [{ key: "k", until: 0 }, "unique.until"],
    [{ key: "k", until: "done" }, "unique.until"],
    [{ key: "k", then: "throw" }, "unique.then"],
    [{ key: "k", scope: "all" }, "unique.scope"],
  ])("may not be %j", (value, field) => {
    expect(() => parseUnique("unique", value)).toThrow(expect.objectContaining({ code: "INVALID_INPUT", field }));
  });
});
