// The events of many queues in one stream, and what is asked of the engine for it.
import { expect, it } from "vitest";
import { EngineUnavailable, InvalidInput, task, type Engine, type WatchEvent } from "longshore";
import { FakeTimeFixture, withCommands } from "../worker/fixtures/fake-time-fixture.js";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";

const names = (count: number): string[] => Array.from({ length: count }, (_none, n) => `q${n}`);
const sample = task("sample", () => null);

/** Events as texts: `"q1 queued"`, `"q1 gap"`. */
const words = (events: readonly WatchEvent[]): string[] => {
  return events.map((event) => `${event.queue} ${event.kind === "state" ? event.state : event.kind}`);
};

onEveryEngine("a stream of the events of many queues", (storage) => {
  it("has those of each in order, with the queue, and ends with its signal", async () => {
    const longshore = await storage.connect();
    const queues = names(30);
    const stop = new AbortController();
    const seen: WatchEvent[] = [];
    const reading = (async () => {
      for await (const event of longshore.watch([...queues, ...queues], { signal: stop.signal })) seen.push(event);
    })();
    // Events from before the watch are not emitted to it.
    await expect
      .poll(() => longshore.enqueue(sample, null, { queue: "q0" }).then(() => seen.length))
      .toBeGreaterThan(0);
    for (const queue of queues.slice(1)) await longshore.enqueue(sample, null, { queue });
    longshore.worker([sample], { queues: queues.slice(1) });
    const of = (queue: string): string[] => words(seen.filter((event) => event.queue === queue));
    for (const queue of queues.slice(1)) {
      await expect.poll(() => of(queue)).toEqual([`${queue} queued`, `${queue} active`, `${queue} completed`]);
    }
    stop.abort();
    await reading;
    for (const queue of queues) {
      const numbers = seen.flatMap((event) => (event.queue === queue && event.kind !== "gap" ? [event.seq] : []));
      expect(numbers).toEqual(numbers.map((_number, index) => (numbers[0] ?? 0) + index));
    }
  });
});

/** A fixture that counts the waits for events that are under way, and notes what is asked for. */
function counting(wrap: (engine: Engine) => Partial<Engine> = () => ({})) {
  const asked = { waits: 0, most: 0, queues: 0, watched: new Map<string, number>() };
  const fixture = new FakeTimeFixture((engine) =>
    withCommands(engine, {
      awaitEvents: async (params) => {
        asked.waits += 1;
        asked.most = Math.max(asked.most, asked.waits);
        asked.queues = params.queues.length;
        const answer = await engine.awaitEvents(params);
        asked.waits -= 1;
        return answer;
      },
      watch: (params) => {
        asked.watched.set(params.queue, (asked.watched.get(params.queue) ?? 0) + 1);
        return engine.watch(params);
      },
      ...wrap(engine),
    }),
  );
  return { fixture, asked };
}

/** Reads the events of a stream into an array. */
function reading(stream: AsyncIterable<WatchEvent>): WatchEvent[] {
  const seen: WatchEvent[] = [];
  void (async () => {
    for await (const event of stream) seen.push(event);
  })().catch(() => undefined);
  return seen;
}

it("one wait at a time is for all queues that anyone watches, and none goes on after the last of them", async () => {
  const { fixture, asked } = counting();
  const stop = new AbortController();
  reading(fixture.longshore.watch(names(100), { signal: stop.signal }));
  await fixture.rest();
  const own = new AbortController();
  const seen = reading(fixture.longshore.watch("other", { signal: own.signal }));
  await fixture.rest();
  expect([asked.waits, asked.most, asked.queues]).toEqual([1, 1, 101]);

  // At rest nothing else is asked of a queue.
  const before = new Map(asked.watched);
  await fixture.pass(300_000, 10_000);
  expect(asked.watched).toEqual(before);

  stop.abort();
  await fixture.rest();
  expect([asked.waits, asked.queues]).toEqual([1, 1]);
  await fixture.longshore.enqueue(sample, null, { queue: "other" });
  await fixture.rest();
  expect(words(seen)).toEqual(["other queued"]);
  own.abort();
  await fixture.rest();
  expect(asked.waits).toBe(0);
  await fixture.longshore.close();
});

it("a queue that cannot be asked is tried again, its gap is reported, and it holds up no other", async () => {
  let failing = true;
  const { fixture } = counting((engine) => ({
    watch: async (params) => {
      if (params.queue === "q1" && failing) throw new EngineUnavailable("redis", "that node is down");
      return engine.watch(params);
    },
  }));
  const seen = reading(fixture.longshore.watch(names(3)));
  await fixture.pass(200);
  for (const queue of names(3)) await fixture.longshore.enqueue(sample, null, { queue });
  await fixture.rest();
  expect(words(seen)).toEqual(["q0 queued", "q2 queued"]);
  failing = false;
  await fixture.pass(2_000);
  expect(words(seen)).toEqual(["q0 queued", "q2 queued", "q1 gap"]);
  await fixture.longshore.enqueue(sample, null, { queue: "q1" });
  await fixture.rest();
  expect(words(seen)).toEqual(["q0 queued", "q2 queued", "q1 gap", "q1 queued"]);
  await fixture.longshore.close();
});

it("a reader that is too slow gets gaps, one for each queue of which it missed some, and no more is kept for it", async () => {
  const { fixture } = counting();
  const stream = fixture.longshore.watch(["a", "b"])[Symbol.asyncIterator]();
  const first = stream.next();
  await fixture.rest();
  for (const queue of ["a", "b"]) {
    for (let count = 0; count < 12; count += 1) {
      await fixture.longshore.enqueueMany(sample, Array.from({ length: 500 }), { queue });
      await fixture.rest();
    }
  }
  const seen: WatchEvent[] = [];
  for (let next = await first; !next.done; next = await stream.next()) {
    seen.push(next.value);
    if (next.value.kind !== "gap" && next.value.queue === "b" && next.value.seq === 6_000) break;
  }
  await stream.return?.();
  expect(seen.filter(({ kind }) => kind === "gap").map(({ queue }) => queue)).toEqual(["a", "b"]);
  expect(seen.length).toBeLessThanOrEqual(10_002);
  await fixture.longshore.close();
});

it.each<[unknown, string]>([
  [null, "options"],
  [5, "options"],
  [{ singal: AbortSignal.abort() }, "singal"],
  [{ signal: new AbortController() }, "signal"],
])("refuses the options %j", async (options, field) => {
  const { fixture } = counting();
  expect(() => fixture.longshore.watch("a", options as object)).toThrow(expect.objectContaining({ field }));
  await fixture.longshore.close();
});

it.each([[[]], [["a", ""]], [[" "]], [Array.from({ length: 1_001 }, (_none, n) => `q${n}`)], [""]])(
  "refuses %j",
  async (queues) => {
    const { fixture } = counting();
    expect(() => fixture.longshore.watch(queues)).toThrow(InvalidInput);
    await fixture.longshore.close();
  },
);
