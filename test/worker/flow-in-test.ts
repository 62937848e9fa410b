// A flow made by the commands of the engine: one job per node, in one queue, each after those that its input takes from.
import type { Job } from "longshore";
import type { Dependency, DependencyPolicy } from "../../src/model/job/dependency.js";
import type { InputReference } from "../../src/model/job/membership.js";
import { UNLINKED, type JobRecord, type JobRef, type JobSpec } from "../../src/model/job/job.js";
import { parseOptions, type JobOptions } from "../../src/model/options/options.js";
import { makeSpec } from "../../src/model/options/spec.js";
import type { FakeTimeFixture } from "./fake-time-fixture.js";

/** What a flow needs of a fixture. */
export type FlowFixture = Pick<FakeTimeFixture, "memory" | "longshore">;

/** A job of the flow. */
export interface TestNode {
  readonly task: string;
  readonly input: unknown;
  /** What the input takes from other nodes. */
  readonly takes?: readonly { at: InputReference["at"]; from: string; take: InputReference["take"] }[];
  /** What becomes of it when one of those does not succeed. */
  readonly ifFailed?: DependencyPolicy;
  /** May the flow do without it? */
  readonly optional?: boolean;
  readonly options?: JobOptions;
}

const QUEUE = "default";

export class FlowInTest {
  readonly ref: JobRef;
  readonly #fixture: FlowFixture;

  constructor(fixture: FlowFixture, id = "flow-1") {
    this.#fixture = fixture;
    this.ref = { queue: QUEUE, id };
  }

  /** Makes the flow and begins it; gives the job of a node by its name. */
  async begin(nodes: Readonly<Record<string, TestNode>>): Promise<(node: string) => Job> {
    const own = { ...this.ref, task: "flow", input: null, payloadCap: 1_000, nonce: null };
    const flow = { ...makeSpec(own, parseOptions({})), role: "flow" } as const;
    const jobs = Object.entries(nodes).map(([name, node]) => this.#spec(name, node));
    this.#fixture.memory.enqueue({ jobs: [flow] });
    this.#fixture.memory.enqueue({ jobs });
    this.#fixture.memory.commitFlow({ ...this.ref, members: jobs.length });
    return (node) => this.#fixture.longshore.queue(QUEUE).job(this.#idOf(node));
  }

  /** Its members, by queue and id. */
  members(): JobRef[] {
    return this.#fixture.memory.dependencies(this.ref).map(({ queue, id }) => ({ queue, id }));
  }

  record(): JobRecord | null {
    return this.#fixture.memory.getJobs({ refs: [this.ref] })[0] ?? null;
  }

  cancel(): void {
    this.#fixture.memory.cancel({ refs: [this.ref], op: "cancel" });
  }

  #spec(
    name: string,
    { task, input, takes = [], ifFailed = "fail", optional = false, options = {} }: TestNode,
  ): JobSpec {
    const sources = [...new Set(takes.map(({ from }) => this.#idOf(from)))].toSorted((a, b) => (a < b ? -1 : 1));
    const after = sources.map((id): Dependency => ({ queue: QUEUE, id, ifFailed }));
    const references = takes.map(({ at, from, take }) => ({ at, from: { queue: QUEUE, id: this.#idOf(from) }, take }));
    const flow = {
      ...this.ref,
      node: name,
      parent: null,
      weight: 1,
      ifFailed: optional ? "continue" : "fail",
    } as const;
    const links = { ...UNLINKED, after, references, flow };
    const own = { queue: QUEUE, id: this.#idOf(name), task, input, payloadCap: 1_000_000, nonce: null, links };
    return makeSpec(own, parseOptions({ attempts: 1, ...options, hold: true }));
  }

  #idOf(node: string): string {
    return `${this.ref.id}-${node}`;
  }
}
