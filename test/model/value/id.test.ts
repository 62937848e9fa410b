import { describe, expect, test } from "vitest";
import { createIdSource, ID_LENGTH, mayBelongTo, queueMark } from "../../../src/model/value/id.js";

const NOW = 1_700_000_000_000;
const fill =
  (value: number) =>
  (length: number): Uint8Array =>
    new Uint8Array(length).fill(value);

describe("generated ids", () => {
  test(`are ${ID_LENGTH} letters and digits`, () => {
    expect(createIdSource().next("main", NOW)).toMatch(new RegExp(`^[0-9A-Za-z]{${ID_LENGTH}}$`));
  });

  test("sort by time, as text", () => {
    const ids = createIdSource();
    const made = [1, 2, 61, 62, 63, 3_844, 1_000_000].map((ms) => ids.next("main", NOW + ms));
    expect(made.toSorted()).toEqual(made);
  });

  test("of one millisecond differ", () => {
    const ids = createIdSource();
    expect(new Set(Array.from({ length: 1_000 }, () => ids.next("main", NOW))).size).toBe(1_000);
  });

  test("do not repeat in 100,000, whatever the clock does", () => {
    const ids = createIdSource();
    const made = new Set<string>();
    for (let count = 0; count < 100_000; count += 1) made.add(ids.next("main", NOW + ((count * 7_919) % 5_000)));
    expect(made.size).toBe(100_000);
  });

  test("neither repeat nor sort before older ones of another queue when the clock steps back", () => {
    const ids = createIdSource();
    const before = ids.next("main", NOW);
    const after = ids.next("main", NOW - 3_600_000);
    expect(after).not.toBe(before);
    expect(after.slice(0, 8) >= before.slice(0, 8)).toBe(true);
  });

  test("do not repeat when the counter starts again", () => {
    // All ones: the counter begins close to its end, and 62 ** 4 ids later has passed it.
    const ids = createIdSource(fill(255));
    const made = new Set<string>();
    for (let count = 0; count < 1_000; count += 1) made.add(ids.next("main", NOW));
    for (let count = 0; count < 62 ** 4; count += 1) ids.next("main", NOW);
    for (let count = 0; count < 1_000; count += 1) made.add(ids.next("main", NOW));
    expect(made.size).toBe(2_000);
  });

  test("of two processes differ, though made in the same millisecond", () => {
    const [one, two] = [createIdSource(fill(1)), createIdSource(fill(2))];
    expect(one.next("main", NOW)).not.toBe(two.next("main", NOW));
  });

  test("tell which queues they may belong to", () => {
    const id = createIdSource().next("main", NOW);
    expect(mayBelongTo(id, "main")).toBe(true);
    const other = ["a", "b", "c"].find((queue) => queueMark(queue) !== queueMark("main")) ?? "a";
    expect(mayBelongTo(id, other)).toBe(false);
  });

  test("are not confused with ids of the caller's, which may belong anywhere", () => {
    expect(mayBelongTo("job_abc123", "main")).toBe(true);
  });
});
