/** Jobs that wait for others, and flows. */
import { DONE, FAIL, type Load, type Spec } from "./load.js";
import type { Row } from "./row.js";

const MOST_MEMBERS = 10_000;

export const LINKED: readonly Row[] = [
  {
    name: "dependents of one job",
    measures: ["remove job with dependents"],
    async run(load) {
      const [id = ""] = await load.add(1, () => ({ hold: true }));
      await load.add(load.size, () => ({ after: [{ queue: load.queue, id, ifFailed: "continue" }] }));
      await load.control("remove job with dependents", "remove", [id]);
      load.expect("all may run", (await load.counts())["queued"], load.size);
    },
  },
  {
    name: "a flow of 10,000 members",
    measures: [
      "start flow",
      "end of first member",
      "end of last member",
      "retry flow",
      "cancel flow",
      "remove flow",
      "remove queue of flow",
    ],
    async run(load) {
      const size = Math.min(load.size, MOST_MEMBERS);
      const flow = await flowOf(load, size);
      await load.measure("start flow", () => load.engine.commitFlow({ ...flow, members: size }));
      load.expect("its members may run", (await load.counts())["queued"], size);
      const session = await load.session();
      let leases = await session.claim(1);
      const first = leases[0]?.id ?? "";
      await load.measure("end of first member", () => session.exchange(0, leases, FAIL));
      for (let left = size - 2; left > 0; left -= leases.length) {
        leases = await session.claim(Math.min(500, left));
        await session.exchange(0, leases, DONE);
      }
      leases = await session.claim(1);
      await load.measure("end of last member", () => session.exchange(0, leases));
      load.expect("it fails", await stateOf(load, flow.id), "failed");
      await load.engine.pause({ queue: load.queue });
      await load.control("retry flow", "retry", [first]);
      await load.control("retry flow", "retry", [flow.id]);
      load.expect("it waits again", await stateOf(load, flow.id), "blocked");
      await load.control("cancel flow", "cancel", [flow.id]);
      load.expect("it is cancelled", await stateOf(load, flow.id), "cancelled");
      await load.control("remove flow", "remove", [flow.id]);
      load.expect("it is removed", await stateOf(load, flow.id), undefined);

      const second = await flowOf(load, size);
      await load.engine.commitFlow({ ...second, members: size });
      await load.control("cancel flow", "cancel", [second.id]);
      load.expect("its members are cancelled", (await load.counts())["cancelled"], size + 2);
      const gone = await load.measure("remove queue of flow", () =>
        load.engine.obliterate({ queue: load.queue, force: true }),
      );
      load.expect("the queue is removed", gone, true);
    },
  },
];

async function flowOf(load: Load, size: number): Promise<{ queue: string; id: string }> {
  const [id = ""] = await load.add(1, () => ({ role: "flow" }));
  const flow: Spec["flow"] = { queue: load.queue, id, node: "node", parent: null, weight: 1, ifFailed: "fail" };
  await load.add(size, () => ({ hold: true, flow }));
  return { queue: load.queue, id };
}

async function stateOf(load: Load, id: string): Promise<string | undefined> {
  const [job] = await load.engine.getJobs({ refs: [{ queue: load.queue, id }] });
  return job?.state;
}
