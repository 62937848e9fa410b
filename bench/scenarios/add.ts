/**
 * Adding jobs while no worker runs: one by one, 100 in flight, 1,000 at a time. Every id must be new, and the system must
 * count every job as waiting; that jobs added so are completed is verified by the scenarios that run them.
 */
import { addAll } from "../add-all.js";
import { payloads, type Payload } from "../payload.js";
import { NotVerified, type RoundContext, type Scenario } from "../scenario.js";
import type { Line } from "../system.js";

const IN_FLIGHT = 100;

export const addSeq = adding("add-seq", "adds jobs one by one, each awaited", async (line, inputs) => {
  const ids: string[] = [];
  for (const input of inputs) ids.push(await line.add(input));
  return ids;
});

export const addConc = adding("add-conc", "adds jobs one by one, 100 in flight", async (line, inputs) => {
  const ids: string[] = [];
  let next = 0;
  const addInTurn = async (): Promise<void> => {
    for (let input = inputs[next++]; input !== undefined; input = inputs[next++]) ids.push(await line.add(input));
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, addInTurn));
  return ids;
});

export const addBulk = adding("add-bulk", "adds jobs 1,000 at a time", addAll);

function adding(
  id: string,
  what: string,
  add: (line: Line, inputs: readonly Payload[]) => Promise<string[]>,
): Scenario {
  return {
    id,
    what,
    measures: [{ name: id, unit: "jobs/s", better: "more" }],
    async round({ system, store, queue, jobs }: RoundContext) {
      const inputs = payloads(jobs);
      const line = await system.open(store, queue);
      try {
        const start = performance.now();
        const ids = await add(line, inputs);
        const seconds = (performance.now() - start) / 1_000;
        await verify(line, ids, jobs);
        return { [id]: jobs / seconds };
      } finally {
        await line.close();
      }
    },
  };
}

async function verify(line: Line, ids: readonly string[], jobs: number): Promise<void> {
  const distinct = new Set(ids).size;
  if (ids.length !== jobs || distinct !== jobs) {
    throw new NotVerified(`${jobs} jobs were added and ${ids.length} ids answered, ${distinct} of them distinct`);
  }
  const waiting = await line.waiting();
  if (waiting !== jobs) throw new NotVerified(`${jobs} jobs were added and the system counts ${waiting} waiting`);
}
