/**
 * How long does a command hold up all others? Each row fills a queue with what is in its way, 100,000 entries (20,000 in the
 * quick run, as many as LONGSHORE_BOUNDS says when it is set; of more than 100,000 only rows of commands that read as little
 * however much there is), and measures of each command the longest script on Redis, on SQLite the longest block of the main
 * thread. The rows verify what the commands did.
 */
import { openEngine } from "../own-engine.js";
import type { Scenario } from "../scenario.js";
import { ENDED } from "./bounds/ended.js";
import { gaugeOf } from "./bounds/gauge.js";
import { LEASED } from "./bounds/leased.js";
import { LINKED } from "./bounds/linked.js";
import { Load } from "./bounds/load.js";
import { MANY } from "./bounds/many.js";
import type { Row } from "./bounds/row.js";
import { WAITING } from "./bounds/waiting.js";

const ROWS: readonly Row[] = [...WAITING, ...ENDED, ...LEASED, ...LINKED, ...MANY];
const MOST_OF_ALL = 100_000;

export const bounds: Scenario = {
  id: "bounds",
  what: "the longest script of a command on Redis, the longest block of the main thread on SQLite, with much in its way",
  measures: ROWS.flatMap(({ measures }) =>
    measures.map((name) => ({ name: `bounds: ${name}`, unit: "ms", better: "less" })),
  ),
  async round({ store, queue, jobs }) {
    const engine = await openEngine(store.url);
    const gauge = await gaugeOf(store);
    const measured: Record<string, number> = {};
    try {
      for (const [at, row] of ROWS.entries()) {
        if (jobs > MOST_OF_ALL && row.reads === undefined) continue;
        const load = new Load(engine, `${queue}-${at}`, jobs, gauge);
        await row.run(load);
        await engine.obliterate({ queue: load.queue, force: true });
        for (const [name, longest] of Object.entries(load.measured)) measured[`bounds: ${name}`] = longest;
      }
      return measured;
    } finally {
      gauge.close();
      await engine.close();
    }
  },
};
