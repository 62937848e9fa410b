// A fixture with fake time and one worker that the test drives: the test says which node of a flow ends, when, and how.
import { TestSession } from "longshore-testkit";
import { unknownWorker } from "../../src/engine/shared/workers/worker-info.js";
import type { JobRecord } from "../../src/model/job/job.js";
import { NO_PROGRESS, type Progress } from "../../src/model/job/progress.js";
import type { Lease, Outcome } from "../../src/engine/contract/engine.js";
import { FakeTimeFixture } from "../worker/fixtures/fake-time-fixture.js";

const QUEUES = ["default", "io", "cpu", "flows"];
const HOUR = 3_600_000;

export class FlowFixture extends FakeTimeFixture {
  readonly #worker = { ...unknownWorker("hand"), queues: QUEUES, concurrency: 10 };
  readonly #session = new TestSession(this.memory, "hand", this.#worker, 100 * HOUR);
  readonly #leases = new Map<string, Lease>();
  #open = false;

  /** Leases all that may run, and answers the nodes that run now, sorted. */
  async running(): Promise<string[]> {
    if (!this.#open) await this.#session.open();
    this.#open = true;
    for (const lease of await this.#session.claim(1_000)) this.#leases.set(lease.body?.flow?.node ?? lease.id, lease);
    return [...this.#leases.keys()].toSorted((a, b) => (a < b ? -1 : 1));
  }

  /** The lease of a node that may run. */
  async lease(node: string): Promise<Lease> {
    const running = await this.running();
    const lease = this.#leases.get(node);
    if (lease === undefined) throw new Error(`${node} does not run; these do: ${running.join(", ")}`);
    return lease;
  }

  async settle(node: string, outcome: Outcome): Promise<void> {
    const lease = await this.lease(node);
    this.#leases.delete(node);
    const answer = await this.#session.settle(lease, outcome);
    if (answer !== "applied") throw new Error(`${node}: ${answer}`);
  }

  complete(node: string, result: unknown = null): Promise<void> {
    return this.settle(node, { kind: "complete", result: JSON.stringify(result) });
  }

  async fail(...nodes: readonly string[]): Promise<void> {
    const error = { name: "Error", message: "boom", code: null, stack: null, cause: null, fingerprint: "boom" };
    for (const node of nodes) await this.settle(node, { kind: "fail", error, retryIn: null });
  }

  /** A node says how far it is. */
  async report(node: string, progress: Partial<Progress>): Promise<void> {
    await this.#session.report(await this.lease(node), { progress: { ...NO_PROGRESS, ...progress } });
  }

  /** A node that runs makes children, and waits for them: each item's job by its id. */
  async spawn(
    node: string,
    children: readonly { id: string; node: string; ifFailed: "fail" | "continue" }[],
  ): Promise<void> {
    const { queue, id, body } = await this.lease(node);
    const flow = body?.flow;
    if (flow == null) throw new Error(`${node} is of no flow`);
    const parent = this.record(queue, id);
    const jobs = children.map((child) => ({
      ...parent,
      id: child.id,
      task: "child",
      input: "{}",
      due: { in: 0 },
      hold: false,
      after: [],
      references: [],
      flow: { ...flow, node: child.node, parent: node, weight: 1, ifFailed: child.ifFailed },
      nonce: null,
    }));
    this.memory.enqueue({ jobs });
    await this.#session.report(await this.lease(node), { after: jobs.map((job) => ({ queue, id: job.id })) });
    await this.settle(node, { kind: "wait" });
  }

  record(queue: string, id: string): JobRecord {
    const [record] = this.memory.getJobs({ refs: [{ queue, id }] });
    if (record == null) throw new Error(`there is no job ${queue}/${id}`);
    return record;
  }

  /** The states of all jobs by node, that of the flow by its name. */
  states(): Record<string, string> {
    const { jobs } = this.memory.listJobs({ filter: {}, cursor: null, limit: 10_000 });
    const named = jobs.map(({ flow, task, state }) => [flow?.node ?? task, state] as const);
    return Object.fromEntries(named.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The stored job of a node. */
  node(name: string): JobRecord {
    const { jobs } = this.memory.listJobs({ filter: {}, cursor: null, limit: 10_000 });
    const found = jobs.find(({ flow, task, role }) => flow?.node === name || (role === "flow" && task === name));
    if (found === undefined) throw new Error(`there is no node ${name}`);
    return found;
  }
}
