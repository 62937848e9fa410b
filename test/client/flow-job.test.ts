// A handle on a flow: its result, its graph, how far it is, and commands on the whole of it.
import { describe, expect, it } from "vitest";
import {
  flow,
  InvalidInput,
  JobFailed,
  JobNotFound,
  task,
  WrongState,
  type FlowBuilder,
  type FlowJob,
} from "longshore";
import type { LeaseRef } from "../../src/engine/contract/engine.js";
import type { JobRecord, JobSpec } from "../../src/model/job/job.js";
import { eachChildId } from "../../src/model/flow/each.js";
import { enrich, fetchPage, parse, persist } from "./flow-tasks.js";
import { FlowFixture } from "./flow-fixture.js";

const note = task<unknown, { n: number }>("note");
const chain = flow("chain", { queue: "flows" }, ($: FlowBuilder<string>) => {
  const page = $(fetchPage, { url: $.input });
  const list = $(parse, { html: page.html });
  const extra = $(enrich, { jobs: list.jobs }, { optional: true });
  const saved = $(persist, { jobs: list.jobs, about: extra.about });
  return { rows: saved.rows, about: extra.about, first: list.jobs[0].title, all: [page, "and"], url: $.input };
});
const page = { html: "<p>", links: ["a", "b"] };
const list = { jobs: [{ title: "T", url: "u" }], at: "2026-01-01" };

/** Ends nodes of the chain well, one after the other. */
async function pass(world: FlowFixture, ...nodes: readonly string[]): Promise<void> {
  const results: Record<string, unknown> = {
    fetch: page,
    parse: list,
    enrich: { about: "jobs" },
    persist: { rows: 1 },
  };
  for (const node of nodes) await world.complete(node, results[node]);
}

/** A job that one of a flow adds to it. */
function childOf({ flow, ...parent }: JobRecord, id: string): JobSpec {
  if (flow === null) throw new Error(`${parent.id} is of no flow`);
  const unlinked = { due: { in: 0 }, hold: false, after: [], references: [], nonce: null } as const;
  return { ...parent, ...unlinked, id, flow: { ...flow, node: `${flow.node}.x`, parent: flow.node } };
}

const bare = ({ queue, id, epoch }: LeaseRef): LeaseRef => ({ queue, id, epoch });

async function begin(): Promise<[FlowFixture, FlowJob]> {
  const world = new FlowFixture();
  return [world, await world.longshore.enqueue(chain, "https://a.org/")];
}

describe("the result of a flow", () => {
  it("is what its function answered, with what its jobs gave in the place of references", async () => {
    const world = new FlowFixture();
    const job = await world.longshore.enqueue(chain, "https://a.org/");
    const result = job.result();
    await pass(world, "fetch", "parse", "enrich", "persist");

    const whole = { rows: 1, about: "jobs", first: "T", all: [page, "and"], url: "https://a.org/" };
    await world.rest();
    expect(await result).toEqual(whole);
    const found = await world.longshore.job(job.id);
    expect(await found?.result()).toEqual(whole);
    expect(await world.longshore.queue("flows").job(job.id).result()).toEqual(whole);
  });

  it("has null for what an optional job did not give, also when that is removed", async () => {
    const [world, job] = await begin();
    await pass(world, "fetch", "parse");
    await world.fail("enrich");
    await pass(world, "persist");

    expect(await job.result()).toMatchObject({ rows: 1, about: null });
    expect((await job.refresh()).state).toBe("partial");
    const { queue, id } = world.node("enrich");
    await world.longshore.queue(queue).job(id).remove();
    expect(await job.result()).toMatchObject({ rows: 1, about: null });
  });

  it("is not there when the flow failed, nor when a job that it needs was removed", async () => {
    const [world, job] = await begin();
    await pass(world, "fetch");
    await world.fail("parse");
    await expect(job.result()).rejects.toThrow(JobFailed);
    await expect(job.result()).rejects.toThrow(/which it depends on, ended as failed/);

    const [other, done] = await begin();
    await pass(other, "fetch", "parse", "enrich", "persist");
    const { queue, id } = other.node("persist");
    await other.longshore.queue(queue).job(id).remove();
    await expect(done.result()).rejects.toThrow(JobNotFound);
  });

  it("is a single value, or nothing, when that is what the function answered", async () => {
    const world = new FlowFixture();
    const single = await world.longshore.enqueue(flow("single", ($) => $(note).n));
    const nothing = await world.longshore.enqueue(flow("nothing", ($) => void $(note, 1, { name: "other" })));
    const place = await world.longshore.enqueue(flow("place", ($) => [$(note, 1, { name: "third" }).n, 2]));
    await world.complete("note", { n: 7 });
    await world.complete("other");
    await world.complete("third", {});

    expect(await single.result()).toBe(7);
    expect(await nothing.result()).toBeNull();
    expect(await place.result()).toEqual([null, 2]);
  });

  it("has the results of a fan-out in the order of the list, with null for what failed", async () => {
    const world = new FlowFixture();
    const fan = flow("fan", ($) => {
      const pages = $.each(note, $(fetchPage, { url: "abc" }).links, (link) => link, { name: "pages" });
      return { pages, second: pages[1] };
    });
    const job = await world.longshore.enqueue(fan);
    await world.complete("fetch", page);
    const { id } = world.node("pages");
    await world.spawn(
      "pages",
      [0, 1, 2].map((index) => ({ id: eachChildId(id, index), node: `pages.${index}`, ifFailed: "continue" })),
    );
    expect(await world.running()).toEqual(["pages.0", "pages.1", "pages.2"]);
    await world.complete("pages.2", { n: 2 });
    await world.complete("pages.0", { n: 0 });
    await world.fail("pages.1");
    await world.settle("pages", { kind: "partial", result: null });

    expect(await job.result()).toEqual({ pages: [{ n: 0 }, null, { n: 2 }], second: null });
    expect((await job.refresh()).state).toBe("partial");
  });
});

describe("the result of an optional fan-out", () => {
  it("is null when all of it failed", async () => {
    const world = new FlowFixture();
    const fan = flow("fan", ($) => {
      const { links } = $(fetchPage, { url: "abc" });
      return { pages: $.each(note, links, (link) => link, { name: "pages", optional: true }) };
    });
    const job = await world.longshore.enqueue(fan);
    await world.complete("fetch", page);
    const { id } = world.node("pages");
    await world.spawn("pages", [{ id: eachChildId(id, 0), node: "pages.0", ifFailed: "continue" }]);
    await world.fail("pages.0", "pages");

    expect(await job.result()).toEqual({ pages: null });
  });
});

describe("the progress of a flow", () => {
  it("is the weighted mean of its jobs: 0 at the start, 100 only at the end", async () => {
    const world = new FlowFixture();
    const weighed = flow("weighed", ($) => {
      const light = $(note, null, { name: "light" });
      const heavy = $(note, light, { name: "heavy", weight: 8 });
      $(note, heavy, { name: "last" });
    });
    const job = await world.longshore.enqueue(weighed);
    const seen: unknown[] = [];
    const look = async (): Promise<void> => {
      const { percent, done, total, step, counters } = await job.progress();
      seen.push([percent, done, total, step, counters]);
    };

    await look();
    await world.report("light", { counters: { pages: 2 } });
    await look();
    await world.complete("light", {});
    await world.report("heavy", { percent: 50, counters: { pages: 3, jobs: 1 } });
    await look();
    await world.complete("heavy", {});
    await world.report("last", { percent: 99 });
    await look();
    await world.complete("last", {});
    await look();

    expect(seen).toEqual([
      [0, 0, 3, null, {}],
      [0, 0, 3, "light", { pages: 2 }],
      [50, 1, 3, "heavy", { pages: 5, jobs: 1 }],
      [99, 2, 3, "last", { pages: 5, jobs: 1 }],
      [100, 3, 3, null, { pages: 5, jobs: 1 }],
    ]);
  });

  it("never falls within a handle, though a job starts anew, or adds others", async () => {
    const [world, job] = await begin();
    await pass(world, "fetch");
    await world.report("parse", { percent: 80 });
    expect((await job.progress()).percent).toBe(45);
    const { id } = world.node("parse");
    await world.spawn("parse", [
      { id: `${id}.a`, node: "parse.a", ifFailed: "fail" },
      { id: `${id}.b`, node: "parse.b", ifFailed: "fail" },
    ]);
    expect((await job.progress()).percent).toBe(45);
    expect((await world.longshore.flow(job.id).then((other) => other?.progress()))?.percent).toBe(31);
    expect((await job.graph()).progress).toMatchObject({ percent: 45, total: 6 });
    await world.complete("parse.a");
    await world.complete("parse.b");
    await pass(world, "parse");
    expect((await job.progress()).percent).toBe(50);
  });

  it("counts an optional job that failed as done, and a failed flow never as complete", async () => {
    const [world, job] = await begin();
    await pass(world, "fetch", "parse");
    await world.fail("enrich");
    expect((await job.progress()).percent).toBe(75);
    await world.fail("persist");

    expect(await job.refresh()).toMatchObject({ state: "failed" });
    expect(await job.progress()).toMatchObject({ percent: 75, done: 4, total: 4 });
  });
});

describe("the graph of a flow", () => {
  it("has its jobs in order, with how they stand and what waits for what", async () => {
    const [world, job] = await begin();
    await pass(world, "fetch");
    await world.report("parse", { percent: 30 });
    await world.fail("parse");
    const graph = await job.graph();

    expect(graph).toEqual(JSON.parse(JSON.stringify(graph)));
    expect(graph).toMatchObject({ flow: "chain", queue: "flows", id: job.id, state: "failed", removed: [] });
    expect(graph.nodes.map(({ node, state, percent, optional }) => [node, state, percent, optional])).toEqual([
      ["fetch", "completed", 100, false],
      ["parse", "failed", 30, false],
      ["enrich", "failed", 0, true],
      ["persist", "failed", 0, false],
    ]);
    const nodeOf = new Map(graph.nodes.map(({ id, node }) => [id, node]));
    expect(
      graph.edges.map(({ from, to, ifFailed: on }) => `${nodeOf.get(from.id)} ${on} ${nodeOf.get(to.id)}`).toSorted(),
    ).toEqual(["enrich continue persist", "fetch fail parse", "parse fail enrich", "parse fail persist"]);
    expect(graph.nodes[1]).toMatchObject({
      error: { message: "boom" },
      attempt: 1,
      attempts: 3,
      weight: 1,
      parent: null,
    });
    expect((await job.members()).map(({ flow }) => flow?.node)).toEqual(["fetch", "parse", "enrich", "persist"]);
  });

  it("names what was removed from it, and knows what was added while it ran", async () => {
    const [world, job] = await begin();
    const { id } = await world.lease("fetch");
    await world.spawn("fetch", [{ id: `${id}.x`, node: "fetch.x", ifFailed: "continue" }]);
    await world.complete("fetch.x");
    await world.longshore.queue("io").job(`${id}.x`).remove();
    expect((await job.graph()).removed).toEqual([{ queue: "io", id: `${id}.x` }]);
    expect((await job.progress()).done).toBe(1);

    const [other, grown] = await begin();
    await other.spawn("fetch", [{ id: `${other.node("fetch").id}.x`, node: "fetch.x", ifFailed: "continue" }]);
    const { nodes } = await grown.graph();
    expect(nodes[0]).toMatchObject({ node: "fetch", parent: null });
    expect(nodes).toContainEqual(expect.objectContaining({ node: "fetch.x", parent: "fetch", optional: true }));
  });
});

describe("a whole flow", () => {
  it("is cancelled with all its jobs, those that run too", async () => {
    const [world, job] = await begin();
    await pass(world, "fetch");
    const { queue, id, epoch } = await world.lease("parse");

    expect(await job.cancel()).toBe("cancelled");
    expect(world.states()).toEqual({
      chain: "cancelled",
      enrich: "cancelled",
      fetch: "completed",
      parse: "cancelled",
      persist: "cancelled",
    });
    expect(world.memory.report({ session: "hand", updates: [{ queue, id, epoch, meta: "{}" }] })).toEqual(["stale"]);
    await expect(job.cancel()).rejects.toThrow(WrongState);
  });

  it("is retried: only what did not succeed runs again", async () => {
    const [world, job] = await begin();
    await pass(world, "fetch");
    await world.fail("parse");

    expect(await job.retry()).toBe("blocked");
    expect(world.states()).toEqual({
      chain: "blocked",
      enrich: "blocked",
      fetch: "completed",
      parse: "queued",
      persist: "blocked",
    });
    await expect(job.retry()).rejects.toThrow(WrongState);
    await pass(world, "parse", "enrich", "persist");
    expect(await job.result()).toMatchObject({ rows: 1 });
    await expect(job.retry()).rejects.toThrow(WrongState);
  });

  it("is retried after it was cancelled, and after an optional job failed", async () => {
    const [world, job] = await begin();
    await pass(world, "fetch");
    await job.cancel();
    await job.retry();
    await pass(world, "parse");
    await world.fail("enrich");
    await pass(world, "persist");
    expect((await job.refresh()).state).toBe("partial");

    await job.retry();
    expect(await world.running()).toEqual(["enrich"]);
    await pass(world, "enrich");
    expect(await job.refresh()).toMatchObject({ state: "completed" });
  });

  it("is retried with what its jobs added: these first, for those wait for them", async () => {
    const [world, job] = await begin();
    const { id } = await world.lease("fetch");
    await world.spawn("fetch", [{ id: `${id}.x`, node: "fetch.x", ifFailed: "fail" }]);
    await world.fail("fetch.x");
    await world.fail("fetch");
    expect((await job.refresh()).state).toBe("failed");

    await job.retry();
    expect(await world.running()).toEqual(["fetch.x"]);
    await world.complete("fetch.x");
    await pass(world, "fetch", "parse", "enrich", "persist");
    expect((await job.refresh()).state).toBe("completed");
  });

  it("is retried with what its jobs were adding when it was cancelled", async () => {
    const [world, job] = await begin();
    const fetched = await world.lease("fetch");
    await job.cancel();
    world.memory.enqueue({ jobs: [childOf(world.record(fetched.queue, fetched.id), "late")] });
    expect((await job.members()).map(({ id, state }) => [id, state])).toContainEqual(["late", "cancelled"]);
    expect((await job.progress()).total).toBe(5);

    await job.retry();
    expect(await world.running()).toEqual(["fetch", "fetch.x"]);
    await world.complete("fetch.x");
    await pass(world, "fetch", "parse", "enrich", "persist");
    expect((await job.refresh()).state).toBe("completed");
  });

  it("is retried with what its jobs added and waited for and it never knew", async () => {
    const world = new FlowFixture();
    const { queue, id } = await world.longshore.enqueue("child", null, { queue: "io" });
    const flow = { queue: "flows", id: "chosen", node: "fetch", parent: null, weight: 1, ifFailed: "fail" } as const;
    // It comes when there is no such flow yet, and ends.
    world.memory.enqueue({ jobs: [childOf({ ...world.record(queue, id), flow }, "stray")] });
    const job = await world.longshore.enqueue(chain, "https://a.org/", { id: "chosen" });
    const after = [{ queue, id: "stray" }];
    const fetched = await world.lease("fetch");
    world.memory.report({ session: "hand", updates: [{ ...bare(fetched), after }] });
    await world.fail("fetch");
    expect(world.record(queue, "stray").state).toBe("cancelled");

    await job.retry();
    expect(world.record(queue, "stray").state).toBe("queued");
    expect(world.record(queue, fetched.id).state).toBe("blocked");
  });

  it("goes on with a retry that stopped half-way", async () => {
    const [world, job] = await begin();
    await pass(world, "fetch");
    await world.fail("parse");
    const { queue, id } = world.node("parse");
    await world.longshore.queue(queue).job(id).retry();

    await job.retry();
    await pass(world, "parse", "enrich", "persist");
    expect((await job.refresh()).state).toBe("completed");
  });

  it("is not retried when a job that it needs was removed, nor when another holds its key", async () => {
    const [world, job] = await begin();
    await world.fail("fetch");
    const { queue, id } = world.node("parse");
    await world.longshore.queue(queue).job(id).remove();
    await expect(job.retry()).rejects.toThrow(`its job cpu/${id} was removed`);
    expect(world.states()).toMatchObject({ fetch: "failed", chain: "failed" });

    const other = new FlowFixture();
    const first = await other.longshore.enqueue(chain, "abc", { unique: { key: "k" } });
    await other.fail("fetch");
    const second = await other.longshore.enqueue(chain, "abc", { unique: { key: "k" } });
    await expect(first.retry()).rejects.toMatchObject({ code: "UNIQUE_CONFLICT" });
    expect((await first.members()).map(({ state }) => state)).toEqual(Array(4).fill("cancelled"));
    expect((await second.members()).map(({ state }) => state)).toContain("queued");
  });

  it("is not retried once another has superseded it, and its jobs stay cancelled", async () => {
    const world = new FlowFixture();
    const first = await world.longshore.enqueue(chain, "abc", { supersedes: "s" });
    await world.longshore.enqueue(chain, "abc", { supersedes: "s" });

    await expect(first.retry()).rejects.toThrow(WrongState);
    expect((await first.members()).map(({ state }) => state)).toEqual(Array(4).fill("cancelled"));
  });

  it("begins anew with its progress when it is retried", async () => {
    const [world, job] = await begin();
    await world.report("fetch", { percent: 80 });
    expect((await job.progress()).percent).toBe(20);
    await world.fail("fetch");
    await job.retry({ fromStart: true });

    expect((await job.progress()).percent).toBe(0);
  });

  it("has its tags changed while it runs, and nothing else", async () => {
    const [, job] = await begin();
    await job.update({ tags: ["a"] });

    expect((await job.refresh()).tags).toEqual(["a"]);
    await expect(job.update({ input: "x" })).rejects.toThrow(InvalidInput);
  });

  it("is found by its id, as a flow only if it is one", async () => {
    const [world, job] = await begin();
    const member = world.node("fetch");

    expect(await world.longshore.job(job.id)).toHaveProperty("graph");
    expect(await world.longshore.job(member.id)).not.toHaveProperty("graph");
    expect((await world.longshore.flow({ queue: "flows", id: job.id }))?.id).toBe(job.id);
    expect(await world.longshore.flow("nobody")).toBeNull();
    await expect(world.longshore.flow(member.id)).rejects.toThrow(InvalidInput);
    await expect(world.longshore.flow({ queue: "", id: "x" })).rejects.toThrow("flow.queue");
    await world.longshore.queue("flows").obliterate({ force: true });
    await expect(job.graph()).rejects.toThrow(JobNotFound);
    await expect(job.retry()).rejects.toThrow(JobNotFound);
  });
});
