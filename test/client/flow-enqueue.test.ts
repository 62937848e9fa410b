// Enqueueing a flow: what is stored of it, and that it is there completely or not at all.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  attach,
  EngineUnavailable,
  flow,
  InvalidInput,
  UniqueConflict,
  WrongState,
  type FlowBuilder,
  type FlowEnqueueOptions,
  type Longshore,
} from "longshore";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import { FLOW_CREATION } from "../../src/model/job/membership.js";
import { makeGate } from "../worker/gate.js";
import { withCommands } from "../worker/fake-time-fixture.js";
import { enrich, fetchPage, parse, persist } from "./flow-tasks.js";
import { FlowFixture } from "./flow-fixture.js";

const scrape = flow(
  "scrape",
  { queue: "flows", input: z.object({ url: z.string(), enrich: z.boolean().default(true) }), tags: ["app:scraper"] },
  ($) => {
    const page = $(fetchPage, { url: $.input.url }, { attempts: 2, weight: 3 });
    const list = $(parse, { html: page.html });
    const extra = $.input.enrich ? $(enrich, { jobs: list.jobs }, { optional: true }) : null;
    const saved = $(persist, { jobs: [list.jobs[0], { title: "own" }], about: extra?.about ?? null });
    return { rows: saved.rows, first: list.jobs[0].title, url: $.input.url };
  },
);
const pair = flow("pair", ($: FlowBuilder<{ a: string; b: string }>) => [
  $(fetchPage, { url: $.input.a }),
  $(fetchPage, { url: $.input.b }),
]);

const enqueue = (world: FlowFixture, options: FlowEnqueueOptions) =>
  world.longshore.enqueue(scrape, { url: "https://a.org/" }, options);

/** A connection whose nth command of enqueueing fails. */
function broken({ memory, clock }: FlowFixture, failing: number): Longshore {
  let calls = 0;
  const engine = withCommands(memory, {
    enqueue: async (params) => {
      calls += 1;
      if (calls === failing) throw new InvalidInput("jobs", calls, "fewer of them");
      return memory.enqueue(params);
    },
  });
  return attach(engine, { clock });
}

describe("a flow that is enqueued", () => {
  it("is stored with every job, linked by what each takes from the others, and runs in that order", async () => {
    const world = new FlowFixture();
    const job = await world.longshore.enqueue(
      scrape,
      { url: "https://a.org/" },
      { tags: ["user:42"], meta: { by: "me" } },
    );

    expect(world.states()).toEqual({
      enrich: "blocked",
      fetch: "queued",
      parse: "blocked",
      persist: "blocked",
      scrape: "blocked",
    });
    const [fetched, parsed, enriched, saved] = ["fetch", "parse", "enrich", "persist"].map((name) => world.node(name));
    const ref = (record = fetched) => ({ queue: record?.queue, id: record?.id });
    expect(fetched).toMatchObject({
      task: "fetch",
      queue: "io",
      input: '{"url":"https://a.org/"}',
      attempts: 2,
      tags: ["kind:io", "app:scraper", "user:42"],
      after: [],
      flow: { queue: "flows", id: job.id, node: "fetch", parent: null, weight: 3, ifFailed: "fail" },
    });
    expect(parsed).toMatchObject({
      input: '{"html":null}',
      after: [{ ...ref(), ifFailed: "fail" }],
      references: [{ at: ["html"], from: ref(), take: ["html"] }],
    });
    expect(enriched?.flow).toMatchObject({ node: "enrich", ifFailed: "continue" });
    expect(saved).toMatchObject({ input: '{"jobs":[null,{"title":"own"}],"about":null}' });
    expect(saved?.references).toEqual([
      { at: ["jobs", 0], from: ref(parsed), take: ["jobs", 0] },
      { at: ["about"], from: ref(enriched), take: ["about"] },
    ]);
    expect(Object.fromEntries(saved?.after.map(({ id, ifFailed }) => [id, ifFailed]) ?? [])).toEqual({
      [parsed?.id ?? ""]: "fail",
      [enriched?.id ?? ""]: "continue",
    });
    const snapshot = await job.refresh();
    expect(snapshot).toMatchObject({
      task: "scrape",
      queue: "flows",
      role: "flow",
      input: { url: "https://a.org/" },
      meta: { by: "me" },
      tags: ["app:scraper", "user:42"],
    });
    for (const name of ["fetch", "parse", "enrich", "persist"]) {
      expect(await world.running()).toEqual([name]);
      await world.complete(name, {});
    }
    expect((await job.refresh()).state).toBe("completed");
  });

  it("branches over its input, as its schema made it", async () => {
    const world = new FlowFixture();
    await world.longshore.enqueue(scrape, { url: "https://a.org/", enrich: false });

    expect(Object.keys(world.states())).toEqual(["fetch", "parse", "persist", "scrape"]);
    expect(world.node("persist").after.map(({ id }) => id)).toEqual([world.node("parse").id]);
  });

  it("numbers nodes of one task, and knows them by names of their own", async () => {
    const world = new FlowFixture();
    await world.longshore.enqueue(pair, { a: "one", b: "two" });
    await world.longshore.enqueue(
      flow("named", ($) => {
        $(fetchPage, { url: "abc" }, { name: "home" });
        $(fetchPage, { url: "abc" }, { after: ["home"], ifFailed: "cancel" });
      }),
    );

    expect(world.node("fetch-2").input).toBe('{"url":"two"}');
    expect(world.node("home").flow?.node).toBe("home");
    const [after] = world.memory.listJobs({
      filter: { states: ["blocked"], task: "fetch" },
      cursor: null,
      limit: 10,
    }).jobs;
    expect(after?.after).toEqual([{ queue: "io", id: world.node("home").id, ifFailed: "cancel" }]);
  });

  it("gives its retention to its jobs, unless a node says otherwise", async () => {
    const world = new FlowFixture();
    const kept = flow("kept", { keep: { completed: { age: "1h" } } }, ($) => {
      $(fetchPage, { url: "abc" });
      $(parse, { html: "" }, { keep: { completed: { age: "2h" } } });
    });
    await world.longshore.enqueue(kept);
    const ages = ["fetch", "parse", "kept"].map((name) => world.node(name).retention.completed.age / 3_600_000);

    expect(ages).toEqual([1, 2, 1]);
  });

  it("counts with all its jobs in the totals of its tags", async () => {
    const world = new FlowFixture();
    await world.longshore.enqueue(scrape, { url: "https://a.org/" }, { tags: ["user:42"] });

    expect(await world.longshore.tagTotals("user:42")).toMatchObject({ total: 5, inProgress: 5 });
  });

  it("fans out over a list that is known when it runs, in one stored job", async () => {
    const world = new FlowFixture();
    const fan = flow("fan", ($) => {
      const page = $(fetchPage, { url: "abc" });
      const ids = $(parse, { html: page.html });
      return $.each(fetchPage, page.links, (link) => ({ url: link }), {
        name: "pages",
        attempts: 2,
        tags: ["depth:1"],
        delay: "1m",
        after: [ids],
      });
    });
    const items = flow("items", ($) => {
      const page = $(fetchPage, { url: "abc" });
      const list = $(parse, { html: "" });
      return $.each("store", list.jobs, (job) => ({ page: page.html, job, title: job["title"] }), { queue: "cpu" });
    });
    await world.longshore.enqueue(fan, undefined, { tags: ["user:1"] });
    await world.longshore.enqueue(items);

    const pages = world.node("pages");
    const page = { queue: "io", id: pages.references[0]?.from.id ?? "" };
    expect(pages).toMatchObject({
      task: "longshore.each",
      queue: "io",
      attempts: 3,
      references: [{ at: ["items"], from: page, take: ["links"] }],
    });
    expect(pages.after.map(({ queue }) => queue)).toEqual(["cpu", "io"]);
    expect(JSON.parse(pages.input)).toEqual({
      task: "fetch",
      queue: "io",
      items: null,
      template: { url: null },
      takes: [{ at: ["url"], take: [] }],
      options: { attempts: 2, tags: ["kind:io", "user:1", "depth:1"] },
    });
    const stores = world.node("store");
    expect(stores.references.map(({ at, take }) => [at, take])).toEqual([
      [["items"], ["jobs"]],
      [["template", "page"], ["html"]],
    ]);
    expect(JSON.parse(stores.input)).toMatchObject({
      task: "store",
      queue: "cpu",
      template: { page: null, job: null, title: null },
      takes: [
        { at: ["job"], take: [] },
        { at: ["title"], take: ["title"] },
      ],
    });
  });
});

describe("of one key", () => {
  it("a flow joins the one that holds it, is refused, or takes its place", async () => {
    const world = new FlowFixture();
    const first = await enqueue(world, { unique: { key: "k" } });
    const joined = await enqueue(world, { unique: { key: "k" } });

    expect(joined).toMatchObject({ id: first.id, outcome: "joined" });
    await expect(enqueue(world, { unique: { key: "k", onConflict: "reject" } })).rejects.toThrow(UniqueConflict);
    const latest = await enqueue(world, { supersedes: "s" });
    await enqueue(world, { supersedes: "s" });
    expect((await latest.refresh()).state).toBe("superseded");
    expect((await latest.members()).map(({ state }) => state)).toEqual(Array(4).fill("cancelled"));
  });

  it("a flow with the id of another is that one", async () => {
    const world = new FlowFixture();
    await enqueue(world, { id: "scrape-1" });
    const again = await enqueue(world, { id: "scrape-1" });

    expect(again).toMatchObject({ id: "scrape-1", outcome: "existing" });
    expect(await again.members()).toHaveLength(4);
    await world.longshore.enqueue(fetchPage, { url: "abc" }, { queue: "flows", id: "job-1" });
    await expect(enqueue(world, { id: "job-1" })).rejects.toThrow('id: "job-1" is not allowed: it belongs to a job');
  });

  it("a flow that waits for a minute to go, because its creator died, is not taken for one that runs", async () => {
    const world = new FlowFixture();
    const dead = attach(withCommands(world.memory, { commitFlow: () => new Promise(() => {}) }), {
      clock: world.clock,
    });
    void dead.enqueue(scrape, { url: "https://a.org/" }, { id: "scrape-1" });
    await world.rest();
    const refused = enqueue(world, { id: "scrape-1" });
    refused.catch(() => {});
    await world.pass(8_000);

    await expect(refused).rejects.toThrow(WrongState);
    await expect(refused).rejects.toThrow("try again then");
    world.clock.advance(FLOW_CREATION);
    world.memory.sweep({ queues: ["flows", "io", "cpu", "default"], limit: 100 });
    expect(await enqueue(world, { id: "scrape-1" })).toMatchObject({ outcome: "created" });
  });

  it("a flow waits for one that is just being created, and is that one", async () => {
    const world = new FlowFixture();
    const gate = makeGate();
    const memory = world.memory;
    const other = attach(
      withCommands(memory, { commitFlow: async (params) => gate.opened.then(() => memory.commitFlow(params)) }),
      { clock: world.clock },
    );
    const first = other.enqueue(scrape, { url: "https://a.org/" }, { unique: { key: "k" } });
    await world.rest();
    const second = enqueue(world, { unique: { key: "k" } });
    await world.pass(200);
    gate.open();
    await world.pass(1_000);

    expect((await second).id).toBe((await first).id);
  });
});

describe("a flow that cannot be created", () => {
  it("leaves nothing behind when a command fails, and its id is free", async () => {
    const world = new FlowFixture();
    const many = flow("many", ($) => {
      for (let n = 0; n < 1_000; n += 1) $(fetchPage, { url: `page ${n}` });
    });

    await expect(broken(world, 3).enqueue(many, undefined, { id: "m" })).rejects.toThrow("fewer of them");

    expect(world.states()).toEqual({});
    expect(await world.longshore.enqueue(many, undefined, { id: "m" })).toMatchObject({ outcome: "created" });
    expect(await world.running()).toHaveLength(1_000);
  });

  it("never runs when the engine is gone before it is complete", async () => {
    const world = new FlowFixture();
    const gone = attach(
      withCommands(world.memory, {
        commitFlow: () => Promise.reject(new EngineUnavailable("redis://x", "gone")),
        cancel: () => Promise.reject(new EngineUnavailable("redis://x", "gone")),
      }),
      { clock: world.clock },
    );
    const failed = gone.enqueue(scrape, { url: "https://a.org/" });
    failed.catch(() => {});
    await world.pass(3_000);

    await expect(failed).rejects.toThrow(EngineUnavailable);
    expect(await world.running()).toEqual([]);
    world.clock.advance(FLOW_CREATION);
    world.memory.sweep({ queues: ["flows", "io", "cpu", "default"], limit: 100 });
    expect(world.states()).toEqual({});
  });

  it("is told apart when it was cancelled meanwhile", async () => {
    const world = new FlowFixture();
    const { memory } = world;
    const racing = attach(
      withCommands(memory, {
        commitFlow: (params) => {
          memory.cancel({ refs: [{ queue: params.queue, id: params.id }], op: "x" });
          return memory.commitFlow(params);
        },
      }),
      { clock: world.clock },
    );

    await expect(racing.enqueue(scrape, { url: "https://a.org/" })).rejects.toThrow(WrongState);
    expect(await world.running()).toEqual([]);
  });

  it("is waited for while its jobs are still on their way to it", async () => {
    const world = new FlowFixture();
    const { memory } = world;
    let asked = 0;
    const late = attach(
      withCommands(memory, {
        commitFlow: (params) => {
          asked += 1;
          return asked < 3 ? "incomplete" : memory.commitFlow(params);
        },
      }),
      { clock: world.clock },
    );
    const enqueued = late.enqueue(scrape, { url: "https://a.org/" });
    await world.pass(500);

    expect((await enqueued).outcome).toBe("created");
    expect(await world.running()).toEqual(["fetch"]);
  });

  it("is completed by close() before the engine is let go", async () => {
    const memory = new MemoryEngine();
    const ids: string[] = [];
    let begun: unknown = "not closed yet";
    const engine = withCommands(memory, {
      enqueue: (params) => {
        ids.push(...params.jobs.map(({ id }) => id));
        return memory.enqueue(params);
      },
      close: () => {
        begun = memory.commitFlow({ queue: "flows", id: ids[0] ?? "", members: 1_000 });
      },
    });
    const longshore = attach(engine);
    const enqueued = longshore.enqueue(scrape, { url: "https://a.org/" });
    await longshore.close();

    expect(begun).toBe("committed");
    expect((await enqueued).id).toBe(ids[0]);
  });
});
