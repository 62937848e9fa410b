// A connection to the memory engine for each test of a file, closed after it.
import { afterEach, beforeEach } from "vitest";
import { connect, type Longshore } from "longshore";

/** Answers the connection of the test that runs. */
export function memoryForEach(): () => Longshore {
  let longshore: Longshore | null = null;
  beforeEach(async () => {
    longshore = await connect("memory:");
  });
  afterEach(async () => longshore?.close());
  return () => {
    if (longshore === null) throw new Error("no test runs");
    return longshore;
  };
}
