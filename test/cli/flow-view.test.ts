// A flow on the terminal: the tree of its jobs, what is counted and what is referred to.
import { expect, test } from "vitest";
import { flow, JobNotFound, type FlowJob } from "longshore";
import { findFlow, findJob } from "../../src/cli/flags/arguments.js";
import { printFlow, printFlowChanges } from "../../src/cli/views/flow-view.js";
import { printJob } from "../../src/cli/views/job-view.js";
import { Output } from "../../src/cli/terminal/output.js";
import { eachChildId } from "../../src/model/flow/each.js";
import { enrich, fetchPage, parse, persist } from "../client/flow-tasks.js";
import { FlowFixture } from "../client/flow-fixture.js";

const scrape = flow("scrape", { queue: "flows" }, ($) => {
  const page = $(fetchPage, { url: "abc" });
  const list = $(parse, { html: page.html });
  const extra = $(enrich, { jobs: list.jobs }, { optional: true });
  $(persist, { jobs: list.jobs, about: extra.about });
  $(fetchPage, { url: "abc" }, { name: "other" });
});

/** What a command prints, line by line. */
function printed(print: (out: Output) => void): string[] {
  let text = "";
  print(new Output(false, { write: (more) => (text += more) }));
  return text.trimEnd().split("\n");
}

async function shown(job: FlowJob, world: FlowFixture, all = false): Promise<string[]> {
  const graph = await job.graph();
  return printed((out) => printFlow(out, graph, all, world.clock.now()));
}

test("a flow is a tree: each job stands under the last of those it waits for, and is referred to elsewhere", async () => {
  const world = new FlowFixture();
  const job = await world.longshore.enqueue(scrape);
  await world.running();
  world.clock.advance(1_200);
  await world.complete("fetch", {});
  await world.report("parse", { percent: 30, counters: { pages: 3 } });
  world.clock.advance(300);

  expect(await shown(job, world)).toEqual([
    `scrape  ${job.id}  blocked`,
    "  queue      flows",
    "  progress   26 %  parse (1/5)",
    "  counted    pages 3",
    "  jobs       5: 2 blocked, 2 active, 1 completed",
    "",
    "NODE              TASK     QUEUE    STATE       DONE   TOOK",
    "fetch             fetch    io       completed  100 %   1.2s",
    "└─ parse          parse    cpu      active      30 %  300ms",
    "   ├─ enrich      enrich   cpu      blocked                  optional",
    "   │  └─ persist  persist  default  blocked",
    "   └─ ↑ persist",
    "other             fetch    io       active       0 %   1.5s",
  ]);
});

test("errors and further runs stand behind the jobs", async () => {
  const world = new FlowFixture();
  const job = await world.longshore.enqueue(scrape);
  await world.complete("fetch", {});
  await world.complete("parse", {});
  await world.fail("enrich", "persist");
  const lines = await shown(job, world);

  expect(lines.find((line) => line.includes("enrich "))).toMatch(/failed .* optional, Error: boom$/);
  expect(lines.find((line) => line.includes("persist "))).toMatch(/failed .* Error: boom$/);
});

test("of many jobs that one node added those that failed are shown and the rest counted, or all", async () => {
  const world = new FlowFixture();
  const fan = flow("fan", ($) => {
    const page = $(fetchPage, { url: "abc" });
    $(enrich, { jobs: $.each(parse, page.links, () => ({ html: "" }), { name: "pages" }) as never });
  });
  const job = await world.longshore.enqueue(fan);
  await world.complete("fetch", { links: [] });
  const { id } = world.node("pages");
  const children = Array.from({ length: 12 }, (_, index) => ({
    id: eachChildId(id, index),
    node: `pages.${index}`,
    ifFailed: "continue" as const,
  }));
  await world.spawn("pages", children);
  await world.complete("pages.3");
  await world.fail("pages.7");

  expect((await shown(job, world)).slice(6)).toEqual([
    "fetch            fetch           io     completed  100 %   0ms",
    "└─ pages         longshore.each  cpu    blocked      0 %   0ms",
    "   ├─ pages.7    child           cpu    failed       0 %   0ms  optional, Error: boom",
    "   ├─ … 11 more                                                 10 active, 1 completed",
    "   └─ enrich     enrich          cpu    blocked",
  ]);
  expect(await shown(job, world, true)).toHaveLength(6 + 15);
});

test("a chain as long as chains may be is printed", async () => {
  const world = new FlowFixture();
  const long = flow("long", ($) => {
    let last = $("note");
    for (let n = 1; n < 1_000; n += 1) last = $("note", last);
  });
  const job = await world.longshore.enqueue(long);

  const lines = await shown(job, world);
  expect(lines).toHaveLength(6 + 1_000);
  expect(lines.at(-1)).toMatch(/^… +└─ note-1000 +note +default +blocked$/);
});

test("while it is watched a line is printed for each job that moved", async () => {
  const world = new FlowFixture();
  const job = await world.longshore.enqueue(scrape);
  const before = await job.graph();
  await world.complete("fetch", {});
  await world.report("parse", { percent: 50 });
  await world.fail("other");
  const between = await job.graph();
  await job.cancel();
  const after = await job.graph();

  expect(printed((out) => printFlowChanges(out, before, between, "now"))).toEqual([
    "now  fetch  completed",
    "now  other  failed",
    "now  parse  active 50 %",
    "now  30 %  parse (2/5)",
  ]);
  expect(printed((out) => printFlowChanges(out, between, after, "now")).at(-1)).toBe("now  cancelled");
  expect(printed((out) => printFlowChanges(out, after, after, "now"))).toEqual([""]);
});

test("a flow is found by its own id and by that of any of its jobs", async () => {
  const world = new FlowFixture();
  const { longshore } = world;
  const job = await longshore.enqueue(scrape, undefined, { id: "scrape-1" });
  const alone = await longshore.enqueue("note", 1, { id: "note-1" });
  const { queue, id } = world.node("parse");

  expect((await findFlow(longshore, "scrape-1", undefined)).id).toBe(job.id);
  expect((await findFlow(longshore, "scrape-1", "flows")).id).toBe(job.id);
  expect((await findFlow(longshore, id, queue)).id).toBe(job.id);
  await expect(findFlow(longshore, alone.id, undefined)).rejects.toThrow("or of a job that belongs to one");
  await expect(findFlow(longshore, "scrape-1", "io")).rejects.toThrow(JobNotFound);
  await (await findJob(longshore, "scrape-1", "flows")).cancel();
  expect((await (await longshore.job(id))?.refresh())?.state).toBe("cancelled");
});

test("a job names its flow, and what it waits for", async () => {
  const world = new FlowFixture();
  const flowJob = await world.longshore.enqueue(scrape);
  const print = async (node: string): Promise<string> => {
    const { queue, id } = world.node(node);
    const job = world.longshore.queue(queue).job(id);
    const [snapshot, dependencies] = [await job.refresh(), await job.dependencies()];
    const rest = {
      label: null,
      resultUrl: null,
      position: null,
      remaining: null,
      steps: [],
      milestones: [],
      log: { lines: [], dropped: 0 },
    };
    return printed((out) => printJob(out, { job: snapshot, dependencies, ...rest }, world.clock.now())).join("\n");
  };
  const ids = Object.fromEntries(["fetch", "parse", "enrich"].map((node) => [node, world.node(node).id]));

  expect(await print("persist")).toContain(`  flow       persist of flows/${flowJob.id}\n  waits for  cpu/`);
  await world.complete("fetch", {});
  await world.complete("parse", {});
  expect(await print("persist")).toContain(`  waits for  cpu/${ids["enrich"]}\n             1 of 2 have ended\n`);
  expect(await print("enrich")).not.toContain("waits for");
  expect(await print("scrape")).toContain(`  jobs       5, see them: longshore flow ${flowJob.id}`);
});
