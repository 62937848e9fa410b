/** Jobs that have ended, and are kept. */
import { DONE, FAIL, YEAR } from "./load.js";
import type { Row } from "./row.js";

export const ENDED: readonly Row[] = [
  {
    name: "completed jobs that are kept for longer",
    measures: ["sweep past kept", "list kept"],
    async run(load) {
      await load.add(load.size, () => ({ retention: { completed: YEAR, failed: YEAR } }));
      await load.endAll(DONE);
      await load.sweep("sweep past kept");
      load.expect("none is removed", (await load.counts())["completed"], load.size);
      const page = await load.list("list kept", { states: ["completed"] }, 3);
      load.expect("three pages are listed", page.ids.length, 150);
    },
  },
  {
    name: "completed jobs",
    measures: ["read one of completed", "count completed", "list completed"],
    reads: true,
    async run(load) {
      const ids = await load.add(load.size);
      await load.endAll(DONE);
      const ref = { queue: load.queue, id: ids[Math.floor(load.size / 2)] ?? "" };
      const [job] = await load.measure("read one of completed", () => load.engine.getJobs({ refs: [ref] }));
      load.expect("it is completed", job?.state, "completed");
      const counts = await load.measure("count completed", () => load.counts());
      load.expect("all are counted", counts["completed"], load.size);
      const cursor = await load.cursorAt({ states: ["completed"] }, 0.5);
      const page = await load.list("list completed", { states: ["completed"] }, 3, 50, cursor);
      load.expect("three pages are listed", page.ids.length, 150);
    },
  },
  {
    name: "failed jobs",
    measures: ["search failed", "retry 500 failed", "sweep past retried", "list failed over retried", "remove queue"],
    async run(load) {
      const ids = await load.add(load.size);
      await load.endAll(FAIL);
      const last = ids.at(-1) ?? "";
      const found = await load.list("search failed", { states: ["failed"], idContains: last });
      load.expect("one is found by a part of its id", found.ids, [last]);
      await load.control("retry 500 failed", "retry", ids);
      await load.sweep("sweep past retried");
      load.expect("all are queued", (await load.counts())["queued"], load.size);
      const none = await load.list("list failed over retried", { states: ["failed"] });
      load.expect("none is failed", none.ids, []);
      const gone = await load.measure("remove queue", () =>
        load.engine.obliterate({ queue: load.queue, force: false }),
      );
      load.expect("the queue is removed", gone, true);
      load.expect("no job is left", await load.engine.getJobs({ refs: [{ queue: load.queue, id: last }] }), [null]);
    },
  },
];
