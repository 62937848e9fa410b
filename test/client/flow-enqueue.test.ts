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
import { makeGate } from "../worker/fixtures/gate.js";
import { withCommands } from "../worker/fixtures/fake-time-fixture.js";
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

const enqueue = (fixture: FlowFixture, options: FlowEnqueueOptions) =>
  fixture.longshore.enqueue(scrape, { url: "https://a.org/" }, options);

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
    const fixture = new FlowFixture();
    const job = await fixture.longshore.enqueue(
      scrape,
      { url: "https://a.org/" },
      { tags: ["user:42"], meta: { by: "me" } },
    );

    expect(fixture.states()).toEqual({
      enrich: "blocked",
      fetch: "queued",
      parse: "blocked",
      persist: "blocked",
      scrape: "blocked",
    });
    const [fetched, parsed, enriched, saved] = ["fetch", "parse", "enrich", "persist"].map((name) =>
      fixture.node(name),
    );
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
      expect(await fixture.running()).toEqual([name]);
      await fixture.complete(name, {});
    }
    expect((await job.refresh()).state).toBe("completed");
  });

  it("branches over its input, as its schema made it", async () => {
    const fixture = new FlowFixture();
    await fixture.longshore.enqueue(scrape, { url: "https://a.org/", enrich: false });

    expect(Object.keys(fixture.states())).toEqual(["fetch", "parse", "persist", "scrape"]);
    expect(fixture.node("persist").after.map(({ id }) => id)).toEqual([fixture.node("parse").id]);
  });

  it("numbers nodes of one task, and knows them by names of their own", async () => {
    const fixture = new FlowFixture();
    await fixture.longshore.enqueue(pair, { a: "one", b: "two" });
    await fixture.longshore.enqueue(
      flow("named", ($) => {
        $(fetchPage, { url: "abc" }, { name: "home" });
        $(fetchPage, { url: "abc" }, { after: ["home"], ifFailed: "cancel" });
      }),
    );

    expect(fixture.node("fetch-2").input).toBe('{"url":"two"}');
    expect(fixture.node("home").flow?.node).toBe("home");
    const [after] = fixture.memory.listJobs({
      filter: { states: ["blocked"], task: "fetch" },
      cursor: null,
      limit: 10,
    }).jobs;
    expect(after?.after).toEqual([{ queue: "io", id: fixture.node("home").id, ifFailed: "cancel" }]);
  });

  it("gives its retention to its jobs, unless a node says otherwise", async () => {
    const fixture = new FlowFixture();
    const kept = flow("kept", { keep: { completed: { age: "1h" } } }, ($) => {
      $(fetchPage, { url: "abc" });
      $(parse, { html: "" }, { keep: { completed: { age: "2h" } } });
    });
    await fixture.longshore.enqueue(kept);
    const ages = ["fetch", "parse", "kept"].map((name) => fixture.node(name).retention.completed.age / 3_600_000);

    expect(ages).toEqual([1, 2, 1]);
  });

  it("counts with all its jobs in the totals of its tags", async () => {
    const fixture = new FlowFixture();
    await fixture.longshore.enqueue(scrape, { url: "https://a.org/" }, { tags: ["user:42"] });

    expect(await fixture.longshore.tagTotals("user:42")).toMatchObject({ total: 5, inProgress: 5 });
  });

  it("fans out over a list that is known when it runs, in one stored job", async () => {
    const fixture = new FlowFixture();
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
    await fixture.longshore.enqueue(fan, undefined, { tags: ["user:1"] });
    await fixture.longshore.enqueue(items);

    const pages = fixture.node("pages");
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
    const stores = fixture.node("store");
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
    const fixture = new FlowFixture();
    const first = await enqueue(fixture, { unique: { key: "k" } });
    const joined = await enqueue(fixture, { unique: { key: "k" } });

    expect(joined).toMatchObject({ id: first.id, outcome: "joined" });
    await expect(enqueue(fixture, { unique: { key: "k", onConflict: "reject" } })).rejects.toThrow(UniqueConflict);
    const latest = await enqueue(fixture, { supersedes: "s" });
    await enqueue(fixture, { supersedes: "s" });
    expect((await latest.refresh()).state).toBe("superseded");
    expect((await latest.members()).map(({ state }) => state)).toEqual(Array(4).fill("cancelled"));
  });

  it("a flow with the id of another is that one", async () => {
    const fixture = new FlowFixture();
    await enqueue(fixture, { id: "scrape-1" });
    const again = await enqueue(fixture, { id: "scrape-1" });

    expect(again).toMatchObject({ id: "scrape-1", outcome: "existing" });
    expect(await again.members()).toHaveLength(4);
    await fixture.longshore.enqueue(fetchPage, { url: "abc" }, { queue: "flows", id: "job-1" });
    await expect(enqueue(fixture, { id: "job-1" })).rejects.toThrow('id: "job-1" is not allowed: it belongs to a job');
  });

  it("a flow that waits for a minute to go, because its creator died, is not taken for one that runs", async () => {
    const fixture = new FlowFixture();
    const dead = attach(withCommands(fixture.memory, { commitFlow: () => new Promise(() => {}) }), {
      clock: fixture.clock,
    });
    void dead.enqueue(scrape, { url: "https://a.org/" }, { id: "scrape-1" });
    await fixture.rest();
    const refused = enqueue(fixture, { id: "scrape-1" });
    refused.catch(() => {});
    await fixture.pass(8_000);

    await expect(refused).rejects.toThrow(WrongState);
    await expect(refused).rejects.toThrow("try again then");
    fixture.clock.advance(FLOW_CREATION);
    fixture.memory.sweep({ queues: ["flows", "io", "cpu", "default"], limit: 100 });
    expect(await enqueue(fixture, { id: "scrape-1" })).toMatchObject({ outcome: "created" });
  });

  it("a flow waits for one that is just being created, and is that one", async () => {
    const fixture = new FlowFixture();
    const gate = makeGate();
    const memory = fixture.memory;
    const other = attach(
      withCommands(memory, { commitFlow: async (params) => gate.opened.then(() => memory.commitFlow(params)) }),
      { clock: fixture.clock },
    );
    const first = other.enqueue(scrape, { url: "https://a.org/" }, { unique: { key: "k" } });
    await fixture.rest();
    const second = enqueue(fixture, { unique: { key: "k" } });
    await fixture.pass(200);
    gate.open();
    await fixture.pass(1_000);

    expect((await second).id).toBe((await first).id);
  });
});

describe("a flow that cannot be created", () => {
  it("leaves nothing behind when a command fails, and its id is free", async () => {
    const fixture = new FlowFixture();
    const many = flow("many", ($) => {
      for (let n = 0; n < 1_000; n += 1) $(fetchPage, { url: `page ${n}` });
    });

    await expect(broken(fixture, 3).enqueue(many, undefined, { id: "m" })).rejects.toThrow("fewer of them");

    expect(fixture.states()).toEqual({});
    expect(await fixture.longshore.enqueue(many, undefined, { id: "m" })).toMatchObject({ outcome: "created" });
    expect(await fixture.running()).toHaveLength(1_000);
  });

  it("never runs when the engine is gone before it is complete", async () => {
    const fixture = new FlowFixture();
    const gone = attach(
      withCommands(fixture.memory, {
        commitFlow: () => Promise.reject(new EngineUnavailable("redis://x", "gone")),
        cancel: () => Promise.reject(new EngineUnavailable("redis://x", "gone")),
      }),
      { clock: fixture.clock },
    );
    const failed = gone.enqueue(scrape, { url: "https://a.org/" });
    failed.catch(() => {});
    await fixture.pass(3_000);

    await expect(failed).rejects.toThrow(EngineUnavailable);
    expect(await fixture.running()).toEqual([]);
    fixture.clock.advance(FLOW_CREATION);
    fixture.memory.sweep({ queues: ["flows", "io", "cpu", "default"], limit: 100 });
    expect(fixture.states()).toEqual({});
  });

  it("has an error of its own when it was cancelled meanwhile", async () => {
    const fixture = new FlowFixture();
    const { memory } = fixture;
    const racing = attach(
      withCommands(memory, {
        commitFlow: (params) => {
          memory.cancel({ refs: [{ queue: params.queue, id: params.id }], op: "x" });
          return memory.commitFlow(params);
        },
      }),
      { clock: fixture.clock },
    );

    await expect(racing.enqueue(scrape, { url: "https://a.org/" })).rejects.toThrow(WrongState);
    expect(await fixture.running()).toEqual([]);
  });

  it("is waited for while its jobs are still on their way to it", async () => {
    const fixture = new FlowFixture();
    const { memory } = fixture;
    let asked = 0;
    const late = attach(
      withCommands(memory, {
        commitFlow: (params) => {
          asked += 1;
          return asked < 3 ? "incomplete" : memory.commitFlow(params);
        },
      }),
      { clock: fixture.clock },
    );
    const enqueued = late.enqueue(scrape, { url: "https://a.org/" });
    await fixture.pass(500);

    expect((await enqueued).outcome).toBe("created");
    expect(await fixture.running()).toEqual(["fetch"]);
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
