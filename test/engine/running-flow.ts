// A flow that runs on Redis, and jobs that name it and end before it hears of them.
import { inject, onTestFinished } from "vitest";
import type { Lease } from "../../src/engine/contract.js";
import { OTHER } from "../../src/engine/testkit/dependency-words.js";
import { begin, child, HOME, workerOfAll } from "../../src/engine/testkit/flow-words.js";
import { Kit, type TestSession } from "../../src/engine/testkit/index.js";
import type { DependencyEnd } from "../../src/model/dependency.js";
import type { JobRef, JobSpec } from "../../src/model/job.js";
import type { BreakableDelivery } from "./redis-breakage.js";
import { redisStorage, type LossyStorage, type RedisBackdoor } from "./redis-storage.js";

const QUEUES = [HOME, "main", OTHER];

/** A flow that runs, whose one job `parent` is in the hands of a worker. */
export class RunningFlow {
  readonly kit: Kit;
  readonly flow: JobRef;
  readonly session: TestSession;
  readonly parent: Lease;
  readonly #storage: LossyStorage;
  readonly #delivery: BreakableDelivery;

  static async create(backdoor: RedisBackdoor, delivery: BreakableDelivery): Promise<RunningFlow> {
    const storage = redisStorage({ url: inject("redisUrl") }, backdoor);
    const kit = await Kit.create(storage);
    onTestFinished(() => kit.dispose());
    const { flow } = await begin(kit);
    const session = await workerOfAll(kit);
    return new RunningFlow(kit, flow, session, await session.next(), storage, delivery);
  }

  private constructor(
    kit: Kit,
    flow: JobRef,
    session: TestSession,
    parent: Lease,
    storage: LossyStorage,
    delivery: BreakableDelivery,
  ) {
    this.kit = kit;
    this.flow = flow;
    this.session = session;
    this.parent = parent;
    this.#storage = storage;
    this.#delivery = delivery;
  }

  /** Nothing is delivered of what follows from this. */
  async unheard<T>(happens: () => Promise<T>): Promise<T> {
    this.#delivery.breakage = { kind: "dies", at: 0, after: "nothing", lost: false };
    try {
      return await happens();
    } finally {
      this.#delivery.breakage = null;
    }
  }

  /** A job that names the flow, made and ended unheard. */
  async ended(how: DependencyEnd, change: Partial<JobSpec> = {}): Promise<JobRef> {
    const spec = child(this.kit, this.flow, { attempts: 1, ...CHANGES[how], ...change });
    const ref = { queue: OTHER, id: spec.id };
    await this.unheard(async () => {
      await this.kit.engine.enqueue({ jobs: [spec] });
      await ENDINGS[how](this, ref);
    });
    return ref;
  }

  async take(): Promise<Lease> {
    return this.session.next();
  }

  loseNews(): Promise<void> {
    return this.#storage.loseNews();
  }

  async deliver(): Promise<void> {
    // What follows may be news again, in a queue that was swept before.
    for (let sweeps = 2; sweeps > 0; sweeps -= 1) await this.kit.sweep(100, QUEUES);
  }

  /** How the flow says that its members ended, but for the parent. */
  async told(): Promise<(readonly [id: string, state: DependencyEnd | null])[]> {
    const members = await this.kit.engine.dependencies(this.flow);
    return members.filter(({ queue }) => queue === OTHER).map(({ id, state }) => [id, state] as const);
  }

  state(): Promise<string> {
    return this.kit.state(this.flow.id, HOME);
  }
}

/** How a job comes to each end. */
const ENDINGS: Record<DependencyEnd, (running: RunningFlow, ref: JobRef) => Promise<unknown>> = {
  completed: async ({ session }) => session.complete(await session.next()),
  partial: async ({ session }) => session.settle(await session.next(), { kind: "partial", result: null }),
  failed: async ({ session }) => session.fail(await session.next(), null),
  cancelled: ({ kit }, ref) => kit.control("cancel", ref),
  superseded: ({ kit }) => kit.add({ queue: OTHER, supersedes: "key" }),
  expired: async ({ kit }) => {
    kit.advance(1_000);
    await kit.sweep(100, [OTHER]);
  },
  removed: ({ kit }, ref) => kit.control("remove", ref),
};

const CHANGES: Partial<Record<DependencyEnd, Partial<JobSpec>>> = {
  superseded: { supersedes: "key" },
  expired: { ttl: 1_000 },
};
