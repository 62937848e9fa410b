// Queues that no worker serves any more: some worker recovers what their last ones held when they died, on every engine.
import { afterEach, expect, test } from "vitest";
import { everyMinute, put, toTick } from "../../../src/engine/testkit/context/schedule-helpers.js";
import type { ScenarioContext } from "../../../src/engine/testkit/index.js";
import { EngineOutage } from "../../../src/worker/session/engine-outage.js";
import { AbandonedQueues } from "../../../src/worker/upkeep/abandoned-queues.js";
import { onEachEngine } from "../../engine/decisions/each-engine.js";

/** By then the first visit has been made. */
const VISITED = 300_000;
const HOUR = 3_600_000;

const random = (): number => 0.5;

let visits: AbandonedQueues | null = null;
afterEach(() => visits?.stop());

/** Another worker, which serves these queues, begins its visits. */
function visit({ engine, clock }: ScenarioContext, served: readonly string[], errors: Error[] = []): void {
  const outage = new EngineOutage(clock, random, (error) => errors.push(error));
  visits = new AbandonedQueues({ engine, clock, random, outage, served });
  visits.start();
}

onEachEngine("a queue whose only worker died", (contextNow) => {
  test("is swept by one that serves another, and its jobs wait again", async () => {
    const context = contextNow();
    const queue = context.fresh("abandoned-");
    await context.addMany(250, { queue });
    await (await context.session({ queues: [queue], ttl: 1_000 })).claim(250);
    const errors: Error[] = [];
    visit(context, [context.fresh("other-")], errors);
    context.advance(VISITED);
    let queued = 0;
    const look = (): void => void context.counts(queue).then((counts) => (queued = counts.queued));
    await context.eventually("all of them wait", () => {
      look();
      return queued === 250;
    });

    expect(errors).toEqual([]);
    expect((await context.engine.workers()).flatMap(({ queues }) => queues)).not.toContain(queue);
    expect((await context.engine.abandoned({ cursor: null, limit: 1_000 })).queues).not.toContain(queue);
  });

  test("is left alone while a session of it lives, and so are its schedules", async () => {
    const context = contextNow();
    const queue = context.fresh("served-");
    const id = await context.add({ queue });
    await (await context.session({ queues: [queue], ttl: 1_000 })).claim(1);
    await context.session({ queues: [queue], ttl: HOUR });
    const left = context.fresh("left-");
    await put(context, everyMinute({ options: { queue: left } }));
    toTick(context);
    const [before] = await context.engine.schedules({ queues: [left] });
    await context.session({ queues: [left], ttl: 1_000 });
    visit(context, []);
    context.advance(VISITED);
    let abandoned: readonly string[] = [left];
    const look = (): void =>
      void Promise.resolve(context.engine.abandoned({ cursor: null, limit: 1_000 })).then(
        ({ queues }) => (abandoned = queues),
      );
    await context.eventually("the other is swept", () => {
      look();
      return !abandoned.includes(left);
    });

    expect(await context.state(id, queue)).toBe("active");
    expect(await context.engine.schedules({ queues: [left] })).toEqual([before]);
  });
});
