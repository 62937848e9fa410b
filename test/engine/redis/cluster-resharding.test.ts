// A slot of a cluster on its way from one node to another: its queue has to wait until it has arrived, and nothing is lost.
import { describe, expect, inject, it } from "vitest";
import type { Redis } from "ioredis";
import { EngineUnavailable, task } from "longshore";
import { ClusterFixture } from "./cluster-fixture.js";

/** One slot on its way. */
class SlotMove {
  readonly #slot: number;
  readonly #from: Redis;
  readonly #to: Redis;
  readonly #port: number;

  constructor(fixture: ClusterFixture, queue: string, from: number, to: number) {
    this.#slot = fixture.slotOf(queue);
    this.#from = fixture.client(from);
    this.#to = fixture.client(to);
    this.#port = fixture.node(to).port;
  }

  async begin(): Promise<void> {
    await this.#to.call("CLUSTER", "SETSLOT", this.#slot, "IMPORTING", await id(this.#from));
    await this.#from.call("CLUSTER", "SETSLOT", this.#slot, "MIGRATING", await id(this.#to));
  }

  /** Moves this many keys. */
  async move(count: number): Promise<void> {
    const keys = (await this.#from.call("CLUSTER", "GETKEYSINSLOT", this.#slot, count)) as string[];
    if (keys.length > 0) await this.#from.call("MIGRATE", "127.0.0.1", this.#port, "", 0, 5_000, "KEYS", ...keys);
  }

  async end(): Promise<void> {
    for (const node of [this.#to, this.#from])
      await node.call("CLUSTER", "SETSLOT", this.#slot, "NODE", await id(this.#to));
  }
}

async function id(node: Redis): Promise<string> {
  return (await node.call("CLUSTER", "MYID")) as string;
}

describe.skipIf(!inject("canStartRedis"))("a slot that is being moved", () => {
  it.each([
    ["none of its keys", 0],
    ["some of its keys", 3],
    ["all of its keys", 1_000],
  ])("makes its queue wait, and only that, with %s moved", async (_what, keys) => {
    const fixture = await ClusterFixture.start();
    const [moving = "", still = ""] = fixture.queues;
    const runs: string[] = [];
    const work = task("work", ({ job }: { job: { id: string } }) => void runs.push(job.id));
    const longshore = await fixture.connect();
    const before = await longshore.enqueueMany(work, [{}, {}, {}], { queue: moving });
    const move = new SlotMove(fixture, moving, 0, 1);
    await move.begin();
    await move.move(keys);

    await expect(longshore.enqueue(work, {}, { queue: moving, tags: ["new"] })).rejects.toThrow(EngineUnavailable);
    await expect(before[0]?.refresh()).rejects.toThrow(EngineUnavailable);
    const worker = longshore.worker([work], { queues: [moving, still] });
    const errors: Error[] = [];
    worker.on("error", (error) => errors.push(error));
    await worker.ready();
    const [first] = before;
    // It is stored, though the job it waits for cannot be asked to report its end.
    const after = await longshore.enqueue(work, {}, { queue: still, after: first === undefined ? [] : [first] });
    const other = await longshore.enqueue(work, {}, { queue: still });
    await other.result();
    expect(runs).toEqual([other.id]);

    await move.move(1_000);
    await move.end();
    await Promise.all([...before, after].map((job) => job.result()));
    expect(runs.toSorted()).toEqual([...before, after, other].map((job) => job.id).toSorted());
    expect(errors.filter((error) => !(error instanceof EngineUnavailable))).toEqual([]);
    await worker.stop();
  });
});
