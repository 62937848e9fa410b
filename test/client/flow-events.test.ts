// The events of a flow: its own and those of all its jobs, in whatever queues, from their present states to the end of the flow.
import { describe, expect, it } from "vitest";
import { flow, JobNotFound, task, type Engine, type FlowBuilder, type FlowEvent, type FlowJob } from "longshore";
import { withCommands } from "../worker/fixtures/fake-time-fixture.js";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";
import { FlowFixture } from "./flow-fixture.js";
import { enrich, fetchPage, parse, persist } from "./flow-tasks.js";

/** Events as texts: `"io/page active"`, with names in the place of ids. */
function words(events: readonly FlowEvent[], names: ReadonlyMap<string, string>): string[] {
  return events.map((event) => {
    if (event.kind === "gap") return `gap in ${event.queue}`;
    const what = { state: "", progress: "progress", status: "status", milestone: "milestone", removed: "removed" };
    const detail = event.kind === "state" ? event.state : event.kind === "milestone" ? `milestone ${event.name}` : "";
    return `${event.queue}/${names.get(event.id) ?? event.id} ${detail === "" ? what[event.kind] : detail}`;
  });
}

const leaf = task<number, number>("leaf", { queue: "leaves" }, async ({ input, emit }) => {
  await emit("half", input / 2);
  return input;
});
const spread = task<null, number>("spread", { queue: "trunk" }, async ({ spawn, progress }) => {
  progress(50);
  const { values } = await spawn.all("leaves", leaf, [1, 2, 3]);
  return values.length;
});
const last = task<{ count: number }, number>("last", { queue: "crown" }, ({ input }) => input.count);
const tree = flow("tree", { queue: "forest" }, ($: FlowBuilder<null>) => {
  const count = $(spread, $.input);
  return $(last, { count });
});

onEveryEngine("the events of a flow", (storage) => {
  it("are those of all its jobs, also of jobs that it adds in other queues while it runs, and end with it", async () => {
    const longshore = await storage.connect();
    const job: FlowJob = await longshore.enqueue(tree, null);
    const events: FlowEvent[] = [];
    const reading = (async () => {
      for await (const event of job.events()) events.push(event);
    })();
    await expect.poll(() => events.length).toBeGreaterThanOrEqual(3);
    // The first events have the present states, of the flow first.
    expect(events[0]).toMatchObject({ kind: "state", queue: "forest", id: job.id, state: "blocked" });
    longshore.worker([leaf, spread, last]);
    await reading;

    const members = await job.members();
    expect(members.map(({ queue }) => queue).toSorted()).toEqual(["crown", "leaves", "leaves", "leaves", "trunk"]);
    for (const { id } of members) {
      const states = events.flatMap((event) => (event.kind === "state" && event.id === id ? [event.state] : []));
      expect([id, states.at(-1), states.filter((state) => state === "completed").length]).toEqual([id, "completed", 1]);
    }
    const shown = events.flatMap((event) => (event.kind === "milestone" ? [event.value] : []));
    expect(new Set(shown)).toEqual(new Set([0.5, 1, 1.5]));
    expect(events.some((event) => event.kind === "progress" && event.queue === "trunk")).toBe(true);
    expect(events.filter(({ kind }) => kind === "gap")).toEqual([]);
    expect(events.at(-1)).toMatchObject({ kind: "state", queue: "forest", id: job.id, state: "completed" });
  });
});

const chain = flow("chain", { queue: "flows" }, ($: FlowBuilder<string>) => {
  const page = $(fetchPage, { url: $.input });
  const list = $(parse, { html: page.html });
  const extra = $(enrich, { jobs: list.jobs }, { optional: true });
  return $(persist, { jobs: list.jobs, about: extra.about });
});
const page = { html: "<p>", links: ["a"] };
const list = { jobs: [{ title: "T", url: "u" }], at: "2026-01-01" };

/** A flow whose events are read, with the names of its jobs. */
async function begin(wrap?: (engine: Engine) => Engine) {
  const fixture = new FlowFixture(wrap);
  const job = await fixture.longshore.enqueue(chain, "https://a.org/");
  const names = new Map([[job.id, "flow"]]);
  for (const { id, flow: membership } of await job.members()) names.set(id, membership?.node ?? "");
  const events: FlowEvent[] = [];
  let over = false;
  const read = (async () => {
    for await (const event of job.events()) events.push(event);
    over = true;
  })();
  // The connection is closed before the flow has ended.
  read.catch(() => undefined);
  await fixture.rest();
  /** What was emitted since the last call. */
  const take = async (): Promise<string[]> => {
    await fixture.rest();
    return words(events.splice(0), names);
  };
  return { fixture, job, take, read, isOver: () => over };
}

const FIRST = [
  "flows/flow blocked",
  "cpu/enrich blocked",
  "cpu/parse blocked",
  "default/persist blocked",
  "io/fetch queued",
];

describe("the events of a flow", () => {
  it("come in order, those of other jobs not among them", async () => {
    const { fixture, take, read, isOver } = await begin();
    const first = await take();
    expect([first[0], first.toSorted()]).toEqual([FIRST[0], FIRST.toSorted()]);
    await fixture.enqueue(task("other"), null, "io");
    await fixture.complete("fetch", page);
    const then = await take();
    expect(then.filter((word) => word.startsWith("io/"))).toEqual(["io/fetch active", "io/fetch completed"]);
    expect(then.filter((word) => !word.startsWith("io/"))).toEqual(["cpu/parse queued"]);
    await fixture.report("parse", { percent: 30 });
    expect(await take()).toEqual(["cpu/parse active", "cpu/parse progress"]);
    await fixture.fail("parse");
    expect((await take()).at(-1)).toBe("flows/flow failed");
    await read;
    expect(isOver()).toBe(true);
    await fixture.longshore.close();
  });

  it("of one that has ended are the states of all its jobs, and then its own", async () => {
    const { fixture, job, read } = await begin();
    await fixture.fail("fetch");
    await read;
    const events: FlowEvent[] = [];
    for await (const event of job.events()) events.push(event);
    expect(events.map((event) => (event.kind === "state" ? event.state : event.kind))).toEqual(
      Array.from({ length: 5 }, () => "failed"),
    );
    expect(events.at(-1)).toMatchObject({ id: job.id });
    await fixture.longshore.close();
  });

  it("have a gap where some of a queue were missed, and what changed in it meanwhile", async () => {
    let losing = "";
    const { fixture, take } = await begin((engine) =>
      withCommands(engine, {
        watch: async (params) => {
          const answer = await engine.watch(params);
          return losing === params.queue ? { ...answer, events: [], gap: answer.events.length > 0 } : answer;
        },
      }),
    );
    await take();
    losing = "cpu";
    await fixture.complete("fetch", page);
    await fixture.report("parse", { percent: 30 });
    const missed = await take();
    expect(missed.filter((word) => word.startsWith("io/"))).toEqual(["io/fetch active", "io/fetch completed"]);
    expect(missed).toContain("gap in cpu");
    expect(missed).toContain("cpu/parse active");
    expect(missed).toContain("cpu/parse progress");
    // The other job of that queue has not changed.
    expect(missed.filter((word) => word.startsWith("cpu/enrich"))).toEqual([]);
    losing = "";
    await fixture.complete("parse", list);
    expect(await take()).toContain("cpu/parse completed");
    await fixture.longshore.close();
  });

  it("end with the flow, though the queues of its last jobs report later; their ends come first", async () => {
    let late = false;
    const { fixture, take, read } = await begin((engine) =>
      withCommands(engine, {
        // The queue of the last jobs does not answer while the flow ends.
        watch: async (params) => {
          if (late && params.queue === "io") throw new Error("no answer");
          return engine.watch(params);
        },
      }),
    );
    await take();
    late = true;
    await fixture.fail("fetch");
    await fixture.pass(1_000);
    await read;
    const all = await take();
    expect(all).toContain("io/fetch failed");
    expect(all.at(-1)).toBe("flows/flow failed");
    await fixture.longshore.close();
  });

  it("of one that is cancelled or removed end, and of one that is not there are refused", async () => {
    const { fixture, job, take, read } = await begin();
    await take();
    await job.cancel();
    await read;
    expect((await take()).at(-1)).toBe("flows/flow cancelled");
    await job.remove();
    await expect(job.events()[Symbol.asyncIterator]().next()).rejects.toThrow(JobNotFound);
    await fixture.longshore.close();
  });

  it("of a slow reader are bounded: a gap stands for those that it missed, and all jobs come to their end", async () => {
    const fixture = new FlowFixture();
    const wide = flow("wide", { queue: "flows" }, ($: FlowBuilder<null>) => {
      for (let n = 0; n < 3_000; n += 1) $(persist, { jobs: [] }, { name: `n${n}` });
      return null;
    });
    const job = await fixture.longshore.enqueue(wide, null);
    const stream = job.events()[Symbol.asyncIterator]();
    let next = await stream.next();
    const running = await fixture.running();
    for (const [index, node] of running.entries()) {
      await fixture.complete(node);
      if (index % 100 === 0) await fixture.rest();
    }
    for (let more = await fixture.running(); more.length > 0; more = await fixture.running()) {
      for (const node of more) await fixture.complete(node);
      await fixture.rest();
    }
    const states = new Map<string, string>();
    let [count, gaps] = [0, 0];
    for (; !next.done; next = await stream.next()) {
      count += 1;
      const event = next.value;
      if (event.kind === "gap") gaps += 1;
      if (event.kind === "state") states.set(event.id, event.state);
    }
    expect(states.size).toBe(3_001);
    expect(new Set(states.values())).toEqual(new Set(["completed"]));
    expect(gaps).toBeLessThanOrEqual(3);
    expect(count).toBeLessThan(3_001 * 5);
    await fixture.longshore.close();
  }, 60_000);

  it("leave nothing watched once they are not read any more", async () => {
    let waits = 0;
    const { fixture, job } = await begin((engine) =>
      withCommands(engine, {
        awaitEvents: async (params) => {
          waits += 1;
          const answer = await engine.awaitEvents(params);
          waits -= 1;
          return answer;
        },
      }),
    );
    const other = job.events()[Symbol.asyncIterator]();
    await other.next();
    expect(await other.return?.()).toEqual({ done: true, value: undefined });
    await fixture.rest();
    expect(waits).toBe(1);
    await job.cancel();
    await fixture.rest();
    expect(waits).toBe(0);
    await fixture.longshore.close();
  });
});
