/** Jobs that wait, and stand in each other's way. */
import { setTimeout as sleep } from "node:timers/promises";
import { DAY } from "./load.js";
import type { Row } from "./row.js";

export const WAITING: readonly Row[] = [
  {
    name: "jobs whose ttl is over",
    measures: ["claim past expired"],
    async run(load) {
      await load.add(load.size, (n) => ({ priority: (n % 100) + 1, ttl: 1 }));
      const [last] = await load.add(1, () => ({ priority: 200 }));
      await sleep(5);
      const leased = await (await load.session()).drain("claim past expired");
      load.expect("the job behind expired ones is leased", leased, [last]);
      load.expect("the others are expired", (await load.counts())["expired"], load.size);
    },
  },
  {
    name: "cancelled jobs in the line",
    measures: ["cancel 500 waiting", "list queued over cancelled", "cancel before cancelled", "claim past cancelled"],
    async run(load) {
      const ids = await load.add(load.size);
      const [first = "", last] = [ids[0], ids.at(-1)];
      await load.control("cancel 500 waiting", "cancel", ids.slice(1, -1));
      const listed = await load.list("list queued over cancelled", { states: ["queued"] });
      load.expect("those left are listed", listed.ids, [first, last]);
      await load.control("cancel before cancelled", "cancel", [first]);
      const leased = await (await load.session()).drain("claim past cancelled");
      load.expect("the last is leased", leased, [last]);
    },
  },
  {
    name: "delayed jobs of one time",
    measures: ["list delayed of one time"],
    reads: true,
    async run(load) {
      const at = Date.now() + DAY;
      await load.add(load.size, () => ({ due: { at } }));
      const cursor = await load.cursorAt({ states: ["delayed"] }, 0.9);
      const { ids } = await load.list("list delayed of one time", { states: ["delayed"] }, 3, 50, cursor);
      load.expect("three pages are listed", new Set(ids).size, 150);
    },
  },
  {
    name: "queued jobs",
    measures: ["read one of queued", "count queued", "place of queued", "list queued"],
    reads: true,
    async run(load) {
      const ids = await load.add(load.size);
      const middle = Math.floor(load.size / 2);
      const ref = { queue: load.queue, id: ids[middle] ?? "" };
      const [job] = await load.measure("read one of queued", () => load.engine.getJobs({ refs: [ref] }));
      load.expect("it is queued", job?.state, "queued");
      const counts = await load.measure("count queued", () => load.counts());
      load.expect("all are counted", counts["queued"], load.size);
      load.expect("its place", await load.measure("place of queued", () => load.engine.position(ref)), middle + 1);
      const cursor = await load.cursorAt({ states: ["queued"] }, 0.5);
      const page = await load.list("list queued", { states: ["queued"] }, 3, 50, cursor);
      load.expect("three pages are listed", page.ids.length, 150);
    },
  },
];
