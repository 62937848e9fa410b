// The signal of a call that takes nothing else: one of another realm is one, and what only looks like an option is refused.
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { InvalidInput } from "longshore";
import { parseSignalOption } from "../../../src/model/value/call-options.js";

it("takes a signal whose class is not ours, as test environments have one", () => {
  const foreign = runInNewContext(`
    class AbortSignal { aborted = false; addEventListener() {} removeEventListener() {} }
    new AbortSignal()`) as AbortSignal;
  expect(foreign instanceof AbortSignal).toBe(false);
  expect(parseSignalOption({ signal: foreign })).toBe(foreign);
  const { signal } = new AbortController();
  expect(parseSignalOption({ signal })).toBe(signal);
  expect(parseSignalOption({})).toBeUndefined();
});

it.each([new AbortController(), {}, 5, "signal", null, () => {}])("refuses %o, which is no signal", (signal) => {
  expect(() => parseSignalOption({ signal: signal as unknown as AbortSignal })).toThrow(InvalidInput);
});
