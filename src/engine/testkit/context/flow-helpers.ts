/** Helpers for scenarios about flows: a flow of three jobs over two queues, and what becomes of it. */
import type { Membership } from "../../../model/job/membership.js";
import type { JobRef, JobSpec } from "../../../model/job/job.js";
import type { CommitAnswer } from "../../contract/engine.js";
import { after, DAY, OTHER } from "./dependency-helpers.js";
import { MAIN, type ScenarioContext } from "./scenario-context.js";
import type { TestSession } from "./test-session.js";

export const HOME = "home";

/** The membership of a job in a flow of the queue `home`. */
export function member(flow: string, change: Partial<Membership> = {}): Membership {
  return { queue: HOME, id: flow, node: "node", parent: null, weight: 1, ifFailed: "fail", ...change };
}

/** A flow of three, created and not started: `first` in the queue `main`, then `second` in `other`, then `third` in `main`. */
export async function chain(
  context: ScenarioContext,
  change: { flow?: Partial<JobSpec>; second?: Partial<JobSpec>; ifFailed?: Membership["ifFailed"] } = {},
): Promise<{ flow: string; ids: [string, string, string]; begin(): Promise<CommitAnswer> }> {
  const flow = await context.add({ queue: HOME, role: "flow", task: "pipeline", ...change.flow });
  const first = context.spec({ hold: true, flow: member(flow) });
  const second = context.spec({
    queue: OTHER,
    hold: true,
    flow: member(flow, { ifFailed: change.ifFailed ?? "fail" }),
    after: after([first.id]),
    ...change.second,
  });
  const third = context.spec({
    hold: true,
    flow: member(flow),
    after: after([second.id], change.ifFailed ?? "fail", OTHER),
  });
  await context.engine.enqueue({ jobs: [first, second, third] });
  const begin = async (): Promise<CommitAnswer> => context.engine.commitFlow({ queue: HOME, id: flow, members: 3 });
  return { flow, ids: [first.id, second.id, third.id], begin };
}

/** A session of all three queues that outlives the scenario. */
export const all = (context: ScenarioContext): Promise<TestSession> =>
  context.session({ queues: [MAIN, OTHER, HOME], ttl: 100 * DAY });

/** The states of a chain's members and of the flow itself. */
export async function states(
  context: ScenarioContext,
  { flow, ids: [first, second, third] }: Chain,
): Promise<(string | undefined)[]> {
  const refs = [
    { queue: MAIN, id: first },
    { queue: OTHER, id: second },
    { queue: MAIN, id: third },
    { queue: HOME, id: flow },
  ];
  return (await context.engine.getJobs({ refs })).map((job) => job?.state);
}

export type Chain = Awaited<ReturnType<typeof chain>>;

/** Runs the next job to its end. */
export async function run(session: TestSession): Promise<JobRef> {
  const lease = await session.next();
  await session.complete(lease, '"done"');
  return lease;
}
