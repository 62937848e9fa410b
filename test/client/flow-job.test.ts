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
async function pass(fixture: FlowFixture, ...nodes: readonly string[]): Promise<void> {
  const results: Record<string, unknown> = {
    fetch: page,
    parse: list,
    enrich: { about: "jobs" },
    persist: { rows: 1 },
  };
  for (const node of nodes) await fixture.complete(node, results[node]);
}

/** A job that one of a flow adds to it. */
function childOf({ flow, ...parent }: JobRecord, id: string): JobSpec {
  if (flow === null) throw new Error(`${parent.id} is of no flow`);
  const unlinked = { due: { in: 0 }, hold: false, after: [], references: [], nonce: null } as const;
  return { ...parent, ...unlinked, id, flow: { ...flow, node: `${flow.node}.x`, parent: flow.node } };
}

const bare = ({ queue, id, epoch }: LeaseRef): LeaseRef => ({ queue, id, epoch });

async function begin(): Promise<[FlowFixture, FlowJob]> {
  const fixture = new FlowFixture();
  return [fixture, await fixture.longshore.enqueue(chain, "https://a.org/")];
}

describe("the result of a flow", () => {
  it("is what its function answered, with what its jobs gave in the place of references", async () => {
    const fixture = new FlowFixture();
    const job = await fixture.longshore.enqueue(chain, "https://a.org/");
    const result = job.result();
    await pass(fixture, "fetch", "parse", "enrich", "persist");

    const whole = { rows: 1, about: "jobs", first: "T", all: [page, "and"], url: "https://a.org/" };
    await fixture.rest();
    expect(await result).toEqual(whole);
    const found = await fixture.longshore.job(job.id);
    expect(await found?.result()).toEqual(whole);
    expect(await fixture.longshore.queue("flows").job(job.id).result()).toEqual(whole);
  });

  it("has null for what an optional job did not give, also when that is removed", async () => {
    const [fixture, job] = await begin();
    await pass(fixture, "fetch", "parse");
    await fixture.fail("enrich");
    await pass(fixture, "persist");

    expect(await job.result()).toMatchObject({ rows: 1, about: null });
    expect((await job.refresh()).state).toBe("partial");
    const { queue, id } = fixture.node("enrich");
    await fixture.longshore.queue(queue).job(id).remove();
    expect(await job.result()).toMatchObject({ rows: 1, about: null });
  });

  it("is not there when the flow failed, nor when a job that it needs was removed", async () => {
    const [fixture, job] = await begin();
    await pass(fixture, "fetch");
    await fixture.fail("parse");
    await expect(job.result()).rejects.toThrow(JobFailed);
    await expect(job.result()).rejects.toThrow(/which it depends on, ended as failed/);

    const [other, done] = await begin();
    await pass(other, "fetch", "parse", "enrich", "persist");
    const { queue, id } = other.node("persist");
    await other.longshore.queue(queue).job(id).remove();
    await expect(done.result()).rejects.toThrow(JobNotFound);
  });

  it("is a single value, or nothing, when that is what the function answered", async () => {
    const fixture = new FlowFixture();
    const single = await fixture.longshore.enqueue(flow("single", ($) => $(note).n));
    const nothing = await fixture.longshore.enqueue(flow("nothing", ($) => void $(note, 1, { name: "other" })));
    const place = await fixture.longshore.enqueue(flow("place", ($) => [$(note, 1, { name: "third" }).n, 2]));
    await fixture.complete("note", { n: 7 });
    await fixture.complete("other");
    await fixture.complete("third", {});

    expect(await single.result()).toBe(7);
    expect(await nothing.result()).toBeNull();
    expect(await place.result()).toEqual([null, 2]);
  });

  it("has the results of a fan-out in the order of the list, with null for what failed", async () => {
    const fixture = new FlowFixture();
    const fan = flow("fan", ($) => {
      const pages = $.each(note, $(fetchPage, { url: "abc" }).links, (link) => link, { name: "pages" });
      return { pages, second: pages[1] };
    });
    const job = await fixture.longshore.enqueue(fan);
    await fixture.complete("fetch", page);
    const { id } = fixture.node("pages");
    await fixture.spawn(
      "pages",
      [0, 1, 2].map((index) => ({ id: eachChildId(id, index), node: `pages.${index}`, ifFailed: "continue" })),
    );
    expect(await fixture.running()).toEqual(["pages.0", "pages.1", "pages.2"]);
    await fixture.complete("pages.2", { n: 2 });
    await fixture.complete("pages.0", { n: 0 });
    await fixture.fail("pages.1");
    await fixture.settle("pages", { kind: "partial", result: null });

    expect(await job.result()).toEqual({ pages: [{ n: 0 }, null, { n: 2 }], second: null });
    expect((await job.refresh()).state).toBe("partial");
  });
});

describe("the result of an optional fan-out", () => {
  it("is null when all of it failed", async () => {
    const fixture = new FlowFixture();
    const fan = flow("fan", ($) => {
      const { links } = $(fetchPage, { url: "abc" });
      return { pages: $.each(note, links, (link) => link, { name: "pages", optional: true }) };
    });
    const job = await fixture.longshore.enqueue(fan);
    await fixture.complete("fetch", page);
    const { id } = fixture.node("pages");
    await fixture.spawn("pages", [{ id: eachChildId(id, 0), node: "pages.0", ifFailed: "continue" }]);
    await fixture.fail("pages.0", "pages");

    expect(await job.result()).toEqual({ pages: null });
  });
});

describe("the progress of a flow", () => {
  it("is the weighted mean of its jobs: 0 at the start, 100 only at the end", async () => {
    const fixture = new FlowFixture();
    const weighed = flow("weighed", ($) => {
      const light = $(note, null, { name: "light" });
      const heavy = $(note, light, { name: "heavy", weight: 8 });
      $(note, heavy, { name: "last" });
    });
    const job = await fixture.longshore.enqueue(weighed);
    const seen: unknown[] = [];
    const look = async (): Promise<void> => {
      const { percent, done, total, step, counters } = await job.progress();
      seen.push([percent, done, total, step, counters]);
    };

    await look();
    await fixture.report("light", { counters: { pages: 2 } });
    await look();
    await fixture.complete("light", {});
    await fixture.report("heavy", { percent: 50, counters: { pages: 3, jobs: 1 } });
    await look();
    await fixture.complete("heavy", {});
    await fixture.report("last", { percent: 99 });
    await look();
    await fixture.complete("last", {});
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
    const [fixture, job] = await begin();
    await pass(fixture, "fetch");
    await fixture.report("parse", { percent: 80 });
    expect((await job.progress()).percent).toBe(45);
    const { id } = fixture.node("parse");
    await fixture.spawn("parse", [
      { id: `${id}.a`, node: "parse.a", ifFailed: "fail" },
      { id: `${id}.b`, node: "parse.b", ifFailed: "fail" },
    ]);
    expect((await job.progress()).percent).toBe(45);
    expect((await fixture.longshore.flow(job.id).then((other) => other?.progress()))?.percent).toBe(31);
    expect((await job.graph()).progress).toMatchObject({ percent: 45, total: 6 });
    await fixture.complete("parse.a");
    await fixture.complete("parse.b");
    await pass(fixture, "parse");
    expect((await job.progress()).percent).toBe(50);
  });

  it("counts an optional job that failed as done, and a failed flow never as complete", async () => {
    const [fixture, job] = await begin();
    await pass(fixture, "fetch", "parse");
    await fixture.fail("enrich");
    expect((await job.progress()).percent).toBe(75);
    await fixture.fail("persist");

    expect(await job.refresh()).toMatchObject({ state: "failed" });
    expect(await job.progress()).toMatchObject({ percent: 75, done: 4, total: 4 });
  });
});

describe("the graph of a flow", () => {
  it("has its jobs in order, with how they stand and what waits for what", async () => {
    const [fixture, job] = await begin();
    await pass(fixture, "fetch");
    await fixture.report("parse", { percent: 30 });
    await fixture.fail("parse");
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
    const [fixture, job] = await begin();
    const { id } = await fixture.lease("fetch");
    await fixture.spawn("fetch", [{ id: `${id}.x`, node: "fetch.x", ifFailed: "continue" }]);
    await fixture.complete("fetch.x");
    await fixture.longshore.queue("io").job(`${id}.x`).remove();
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
    const [fixture, job] = await begin();
    await pass(fixture, "fetch");
    const { queue, id, epoch } = await fixture.lease("parse");

    expect(await job.cancel()).toBe("cancelled");
    expect(fixture.states()).toEqual({
      chain: "cancelled",
      enrich: "cancelled",
      fetch: "completed",
      parse: "cancelled",
      persist: "cancelled",
    });
    expect(fixture.memory.report({ session: "hand", updates: [{ queue, id, epoch, meta: "{}" }] })).toEqual(["stale"]);
    await expect(job.cancel()).rejects.toThrow(WrongState);
  });

  it("is retried: only what did not succeed runs again", async () => {
    const [fixture, job] = await begin();
    await pass(fixture, "fetch");
    await fixture.fail("parse");

    expect(await job.retry()).toBe("blocked");
    expect(fixture.states()).toEqual({
      chain: "blocked",
      enrich: "blocked",
      fetch: "completed",
      parse: "queued",
      persist: "blocked",
    });
    await expect(job.retry()).rejects.toThrow(WrongState);
    await pass(fixture, "parse", "enrich", "persist");
    expect(await job.result()).toMatchObject({ rows: 1 });
    await expect(job.retry()).rejects.toThrow(WrongState);
  });

  it("is retried after it was cancelled, and after an optional job failed", async () => {
    const [fixture, job] = await begin();
    await pass(fixture, "fetch");
    await job.cancel();
    await job.retry();
    await pass(fixture, "parse");
    await fixture.fail("enrich");
    await pass(fixture, "persist");
    expect((await job.refresh()).state).toBe("partial");

    await job.retry();
    expect(await fixture.running()).toEqual(["enrich"]);
    await pass(fixture, "enrich");
    expect(await job.refresh()).toMatchObject({ state: "completed" });
  });

  it("is retried with what its jobs added: these first, for those wait for them", async () => {
    const [fixture, job] = await begin();
    const { id } = await fixture.lease("fetch");
    await fixture.spawn("fetch", [{ id: `${id}.x`, node: "fetch.x", ifFailed: "fail" }]);
    await fixture.fail("fetch.x");
    await fixture.fail("fetch");
    expect((await job.refresh()).state).toBe("failed");

    await job.retry();
    expect(await fixture.running()).toEqual(["fetch.x"]);
    await fixture.complete("fetch.x");
    await pass(fixture, "fetch", "parse", "enrich", "persist");
    expect((await job.refresh()).state).toBe("completed");
  });

  it("is retried with what its jobs were adding when it was cancelled", async () => {
    const [fixture, job] = await begin();
    const fetched = await fixture.lease("fetch");
    await job.cancel();
    fixture.memory.enqueue({ jobs: [childOf(fixture.record(fetched.queue, fetched.id), "late")] });
    expect((await job.members()).map(({ id, state }) => [id, state])).toContainEqual(["late", "cancelled"]);
    expect((await job.progress()).total).toBe(5);

    await job.retry();
    expect(await fixture.running()).toEqual(["fetch", "fetch.x"]);
    await fixture.complete("fetch.x");
    await pass(fixture, "fetch", "parse", "enrich", "persist");
    expect((await job.refresh()).state).toBe("completed");
  });

  it("is retried with what its jobs added and waited for and it never knew", async () => {
    const fixture = new FlowFixture();
    const { queue, id } = await fixture.longshore.enqueue("child", null, { queue: "io" });
    const flow = { queue: "flows", id: "chosen", node: "fetch", parent: null, weight: 1, ifFailed: "fail" } as const;
    // It comes when there is no such flow yet, and ends.
    fixture.memory.enqueue({ jobs: [childOf({ ...fixture.record(queue, id), flow }, "stray")] });
    const job = await fixture.longshore.enqueue(chain, "https://a.org/", { id: "chosen" });
    const after = [{ queue, id: "stray" }];
    const fetched = await fixture.lease("fetch");
    fixture.memory.report({ session: "hand", updates: [{ ...bare(fetched), after }] });
    await fixture.fail("fetch");
    expect(fixture.record(queue, "stray").state).toBe("cancelled");

    await job.retry();
    expect(fixture.record(queue, "stray").state).toBe("queued");
    expect(fixture.record(queue, fetched.id).state).toBe("blocked");
  });

  it("goes on with a retry that stopped half-way", async () => {
    const [fixture, job] = await begin();
    await pass(fixture, "fetch");
    await fixture.fail("parse");
    const { queue, id } = fixture.node("parse");
    await fixture.longshore.queue(queue).job(id).retry();

    await job.retry();
    await pass(fixture, "parse", "enrich", "persist");
    expect((await job.refresh()).state).toBe("completed");
  });

  it("is not retried when a job that it needs was removed, nor when another holds its key", async () => {
    const [fixture, job] = await begin();
    await fixture.fail("fetch");
    const { queue, id } = fixture.node("parse");
    await fixture.longshore.queue(queue).job(id).remove();
    await expect(job.retry()).rejects.toThrow(`its job cpu/${id} was removed`);
    expect(fixture.states()).toMatchObject({ fetch: "failed", chain: "failed" });

    const other = new FlowFixture();
    const first = await other.longshore.enqueue(chain, "abc", { unique: { key: "k" } });
    await other.fail("fetch");
    const second = await other.longshore.enqueue(chain, "abc", { unique: { key: "k" } });
    await expect(first.retry()).rejects.toMatchObject({ code: "UNIQUE_CONFLICT" });
    expect((await first.members()).map(({ state }) => state)).toEqual(Array(4).fill("cancelled"));
    expect((await second.members()).map(({ state }) => state)).toContain("queued");
  });

  it("is not retried once another has superseded it, and its jobs stay cancelled", async () => {
    const fixture = new FlowFixture();
    const first = await fixture.longshore.enqueue(chain, "abc", { supersedes: "s" });
    await fixture.longshore.enqueue(chain, "abc", { supersedes: "s" });

    await expect(first.retry()).rejects.toThrow(WrongState);
    expect((await first.members()).map(({ state }) => state)).toEqual(Array(4).fill("cancelled"));
  });

  it("begins anew with its progress when it is retried", async () => {
    const [fixture, job] = await begin();
    await fixture.report("fetch", { percent: 80 });
    expect((await job.progress()).percent).toBe(20);
    await fixture.fail("fetch");
    await job.retry({ fromStart: true });

    expect((await job.progress()).percent).toBe(0);
  });

  it("keeps the input that its jobs were made from; one of them may get another", async () => {
    const [fixture, job] = await begin();
    await fixture.fail("fetch");

    await expect(job.retry({ input: "x" })).rejects.toMatchObject({ code: "INVALID_INPUT", field: "input" });
    const { queue, id } = fixture.node("fetch");
    expect(
      await fixture.longshore
        .queue(queue)
        .job(id)
        .retry({ input: { url: "y" } }),
    ).toBe("queued");
    expect((await fixture.longshore.queue(queue).job(id).refresh()).input).toEqual({ url: "y" });
  });

  it("has its tags changed while it runs, and nothing else", async () => {
    const [, job] = await begin();
    await job.update({ tags: ["a"] });

    expect((await job.refresh()).tags).toEqual(["a"]);
    await expect(job.update({ input: "x" })).rejects.toThrow(InvalidInput);
  });

  it("is found by its id, as a flow only if it is one", async () => {
    const [fixture, job] = await begin();
    const member = fixture.node("fetch");

    expect(await fixture.longshore.job(job.id)).toHaveProperty("graph");
    expect(await fixture.longshore.job(member.id)).not.toHaveProperty("graph");
    expect((await fixture.longshore.flow({ queue: "flows", id: job.id }))?.id).toBe(job.id);
    expect(await fixture.longshore.flow("nobody")).toBeNull();
    await expect(fixture.longshore.flow(member.id)).rejects.toThrow(InvalidInput);
    await expect(fixture.longshore.flow({ queue: "", id: "x" })).rejects.toThrow("flow.queue");
    await fixture.longshore.queue("flows").obliterate({ force: true });
    await expect(job.graph()).rejects.toThrow(JobNotFound);
    await expect(job.retry()).rejects.toThrow(JobNotFound);
  });
});
