// A worker takes a wake-up, whatever command it is sending at that moment.
import { expect, it } from "vitest";
import { task, type Engine } from "longshore";
import { makeGate } from "../fixtures/gate.js";
import { FakeTimeFixture, withCommands } from "../fixtures/fake-time-fixture.js";

const nobody = (): void => {};

it("passes a wake-up on that came as it stopped waiting", async () => {
  let passed = 0;
  const fixture = new FakeTimeFixture((engine: Engine) =>
    withCommands(engine, {
      awaitWork: ({ signal }) =>
        new Promise((resolve) => signal.addEventListener("abort", () => resolve("default"), { once: true })),
      passOn: () => {
        passed += 1;
      },
    }),
  );
  const worker = fixture.longshore.worker([task("work", {}, nobody)]);
  await fixture.pass(1_000);
  await worker.stop();

  expect(passed).toBe(1);
});

// On Redis a waiting worker pops the marker: there is no second wake-up for the work.
it("looks again when it is woken while the engine's answer is on its way", async () => {
  const ran: number[] = [];
  const first = makeGate();
  const answers = makeGate();
  let slow = false;
  let wake = nobody;
  const fixture = new FakeTimeFixture((engine: Engine) =>
    withCommands(engine, {
      async exchange(params) {
        const answer = await engine.exchange(params);
        if (slow) await answers.opened;
        return answer;
      },
      awaitWork: ({ signal }) =>
        new Promise((resolve) => {
          wake = () => resolve("default");
          signal.addEventListener("abort", () => resolve(null));
        }),
    }),
  );
  const work = task<{ n: number }>("work", {}, async ({ input }) => {
    ran.push(input.n);
    if (input.n === 1) await first.opened;
  });
  const worker = fixture.longshore.worker([work], { concurrency: 2 });
  await fixture.enqueue(work, { n: 1 });
  wake();
  await fixture.pass(100, 50);

  slow = true;
  first.open();
  await fixture.rest();
  await fixture.enqueue(work, { n: 2 });
  fixture.clock.advance(50);
  wake();
  await fixture.rest();
  slow = false;
  answers.open();
  await fixture.rest();

  expect(ran).toEqual([1, 2]);
  await worker.stop();
});
