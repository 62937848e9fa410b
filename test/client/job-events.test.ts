// The events of one job where some of them were missed: what is stored makes up for it. Time stands still here.
import { expect, it } from "vitest";
import { statuses, task, type JobEvent } from "longshore";
import { FakeTimeFixture, withCommands } from "../worker/fixtures/fake-time-fixture.js";

it("after a gap the status and the milestones that were missed are emitted, and no others", async () => {
  let losing = false;
  const fixture = new FakeTimeFixture((engine) =>
    withCommands(engine, {
      watch: async (params) => {
        const answer = await engine.watch(params);
        return losing ? { ...answer, events: [], gap: true } : answer;
      },
    }),
  );
  const wait = (): Promise<void> =>
    new Promise((resolve) => {
      fixture.clock.after(1_000, resolve);
    });
  const machine = statuses({ initial: "NEW", transitions: { NEW: ["READ"], READ: ["DONE"], DONE: [] } });
  const scan = task("scan", { statuses: machine }, async ({ emit, status }) => {
    await status.set("READ");
    await emit("title", "T");
    await emit("teaser", { score: 1 });
    await wait();
    losing = true;
    await emit("teaser", { score: 2 });
    await emit("summary", "S");
    await status.set("DONE");
    await wait();
    losing = false;
    await emit("end", null);
  });
  const job = await fixture.enqueue(scan);
  const events: JobEvent[] = [];
  const watching = (async () => {
    for await (const event of job.events()) events.push(event);
  })();
  await fixture.rest();
  fixture.longshore.worker([scan]);
  await fixture.pass(5_000);
  await watching;

  const told = events.flatMap((event): unknown[] => {
    if (event.kind === "milestone") return [[event.name, event.value]];
    return event.kind === "status" ? [event.name] : [];
  });
  expect(told).toEqual([
    "READ",
    ["title", "T"],
    ["teaser", { score: 1 }],
    "DONE",
    ["teaser", { score: 2 }],
    ["summary", "S"],
    ["end", null],
  ]);
  expect(events.at(-1)).toMatchObject({ kind: "state", state: "completed" });
  await fixture.longshore.close();
});
