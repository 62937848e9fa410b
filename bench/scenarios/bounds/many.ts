/** Much of other kinds: long inputs, tags, and queues. */
import type { Row } from "./row.js";

const LONG = 120_000;
const LONG_INPUTS = 500;
/** As many as clients add by one command. */
const ADDED_AT_ONCE = 250;
const QUEUES = 1_000;

export const MANY: readonly Row[] = [
  {
    name: "500 inputs of 120 kB",
    measures: ["read 500 long inputs", "page of a tag with long inputs"],
    async run(load) {
      const input = JSON.stringify("x".repeat(LONG));
      const ids: string[] = [];
      for (let n = 0; n < LONG_INPUTS; n += 50) ids.push(...(await load.add(50, () => ({ input, tags: ["long"] }))));
      const refs = ids.map((id) => ({ queue: load.queue, id }));
      const jobs = await load.measure("read 500 long inputs", () => load.engine.getJobs({ refs }));
      load.expect("all are read", jobs.filter((job) => job?.input === input).length, LONG_INPUTS);
      const page = await load.list("page of a tag with long inputs", { tag: "long" }, 1, 20);
      // A page has about 2 MB.
      load.expect("a page is listed", page.ids, ids.slice(0, Math.max(5, page.ids.length)));
    },
  },
  {
    name: "jobs with tags",
    measures: [
      "120 commands of 250 with 3 tags",
      "page of a rare tag",
      "page of a tag of nobody",
      "page by a part of the id",
      "page by task",
    ],
    async run(load) {
      const rare = await load.add(20, () => ({ tags: ["rare"] }));
      await load.add(load.size, (n) => ({ tags: [`t${n % 7}`] }));
      const batches = Array.from({ length: 120 }, () =>
        Array.from({ length: ADDED_AT_ONCE }, () => load.spec({ tags: ["a", "b", "c"] })),
      );
      await load.measure("120 commands of 250 with 3 tags", () =>
        Promise.all(batches.map(async (jobs) => load.engine.enqueue({ jobs }))),
      );
      load.expect("all are stored", (await load.counts())["queued"], load.size + 20 + 30_000);
      const found = await load.list("page of a rare tag", { tag: "rare" }, 1, 20);
      load.expect("the rare are found", found.ids, rare);
      load.expect("nobody has it", (await load.list("page of a tag of nobody", { tag: "none" }, 200)).ids, []);
      load.expect(
        "no id is like it",
        (await load.list("page by a part of the id", { idContains: "#" }, 200, 20)).ids,
        [],
      );
      load.expect("no task is like it", (await load.list("page by task", { task: "none" }, 200, 20)).ids, []);
    },
  },
  {
    name: "1,000 queues",
    measures: [
      "all queues",
      "an id that is nowhere",
      "failed of all queues",
      "totals of a tag",
      "workers of all queues",
      "schedules of all queues",
    ],
    async run(load) {
      for (let n = 0; n < QUEUES; n += 1)
        await load.engine.enqueue({ jobs: [load.spec({ queue: `${load.queue}-${n}` })] });
      const own = (await load.measure("all queues", () => load.engine.queues())).filter(({ name }) =>
        name.startsWith(`${load.queue}-`),
      );
      load.expect("all queues are listed", own.length, QUEUES);
      load.expect(
        "nobody is found",
        await load.measure("an id that is nowhere", () => load.engine.findJobs({ ids: ["nowhere"] })),
        [null],
      );
      const failed = await load.measure("failed of all queues", () =>
        load.engine.listJobs({ filter: { states: ["failed"] }, cursor: null, limit: 50 }),
      );
      load.expect("none has failed", failed.jobs, []);
      await load.measure("totals of a tag", () => load.engine.tagTotals({ tag: "t" }));
      load.expect("no worker is there", await load.measure("workers of all queues", () => load.engine.workers()), []);
      load.expect(
        "no schedule is there",
        await load.measure("schedules of all queues", () => load.engine.schedules({})),
        [],
      );
      for (let n = 0; n < QUEUES; n += 1) await load.engine.obliterate({ queue: `${load.queue}-${n}`, force: true });
    },
  },
];
