// Whatever a handler writes on the wire of its child fails its own attempt, nothing else.
import { describe, expect, it } from "vitest";
import { FrameReader, frame } from "../../../src/worker/runners/channel/frames.js";
import { ChildFixture, CHILD_RUNNERS } from "./child-fixture.js";
import { MESSAGES } from "./hostile.mjs";

async function besideAnother(
  runner: "thread" | "process",
  name: string,
  inputs: readonly unknown[],
): Promise<{ state: string; code: string | null | undefined; message: string; result: unknown }[]> {
  const fixture = await ChildFixture.open(
    { [name]: { runner, timeout: "1m" }, innocent: { runner } },
    { concurrency: 8 },
    "hostile.mjs",
  );
  const innocent = await fixture.enqueue("innocent");
  const jobs = await Promise.all(inputs.map((input) => fixture.enqueue(name, input)));
  const ends = [];
  for (const job of jobs) {
    await job.result().catch(() => {});
    const { state, error, result } = await job.refresh();
    ends.push({ state, code: error?.code, message: error?.message ?? "", result });
  }
  expect(await innocent.result()).toBe("done");
  // And the worker is as good as before.
  expect((await fixture.run("innocent")).result).toBe("done");
  expect(fixture.troubles).toEqual([]);
  return ends;
}

describe.each(CHILD_RUNNERS)("a handler in a %s", (runner) => {
  it("may use the wire for messages of its own: they are ignored", async () => {
    const ends = await besideAnother(runner, "foreign", [1, 2]);
    expect(ends.map(({ state, result }) => [state, result])).toEqual([
      ["completed", 1],
      ["completed", 2],
    ]);
  });

  it("that forges one of our messages fails its own attempt", async () => {
    const ends = await besideAnother(runner, "malformed", Object.keys(MESSAGES));
    for (const [index, end] of ends.entries()) {
      expect([Object.keys(MESSAGES)[index], end.state, end.code]).toEqual([
        Object.keys(MESSAGES)[index],
        "failed",
        "CHILD_DIED",
      ]);
      expect(end.message).toContain("could not be read");
    }
  });
});

it("bytes on a process's wire that are no message fail its own attempt", async () => {
  const rubbish = ["0400000000000000", "04000000ffffffff", "ffffffff00", "00000000"];
  const ends = await besideAnother("process", "rubbish", rubbish);
  for (const { state, code } of ends) expect([state, code]).toEqual(["failed", "CHILD_DIED"]);
});

describe("frames", () => {
  const messages = [{ a: 1 }, "text", new Map([[1, Buffer.alloc(1_000, "x")]]), null];
  const bytes = Buffer.concat(messages.map((message) => frame(message)));

  it.each([1, 3, 5, 64, 10_000])("are put together from pieces of %d bytes", (size) => {
    const reader = new FrameReader();
    const read: unknown[] = [];
    for (let at = 0; at < bytes.length; at += size) read.push(...reader.read(bytes.subarray(at, at + size)));
    expect(read).toHaveLength(4);
    expect(read[0]).toEqual({ a: 1 });
    expect(read[3]).toBeNull();
  });

  it("are refused before they are held when they say that they are enormous", () => {
    const head = Buffer.from([0xff, 0xff, 0xff, 0xff]);
    expect(() => [...new FrameReader().read(head)]).toThrow("malformed");
  });
});
