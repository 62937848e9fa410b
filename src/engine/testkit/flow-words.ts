/** Short words for a flow of one job that others join. */
import type { Membership } from "../../model/flow.js";
import type { JobRef, JobSpec } from "../../model/job.js";
import { DAY, OTHER } from "./dependency-words.js";
import { MAIN, type Kit } from "./kit.js";
import type { TestSession } from "./test-session.js";

/** The queue of flows. */
export const HOME = "home";

/** What a member says of its flow. */
export function member(flow: string, change: Partial<Membership> = {}): Membership {
  return { queue: HOME, id: flow, node: "parent", parent: null, weight: 1, on: "fail", ...change };
}

/** A flow of one job, `parent`, which has begun. */
export async function begin(kit: Kit, change: Partial<JobSpec> = {}): Promise<{ flow: JobRef; parent: string }> {
  const id = await kit.add({ queue: HOME, role: "flow", ...change });
  const parent = await kit.add({ hold: true, flow: member(id) });
  await kit.engine.commitFlow({ queue: HOME, id, members: 1 });
  return { flow: { queue: HOME, id }, parent };
}

/** A worker of all members, who does not die. */
export const workerOfAll = (kit: Kit): Promise<TestSession> => kit.session({ queues: [MAIN, OTHER], ttl: 100 * DAY });

/** What joins a flow while it runs. */
export function child(kit: Kit, flow: JobRef, change: Partial<JobSpec> = {}): JobSpec {
  return kit.spec({ queue: OTHER, flow: member(flow.id, { node: "child", parent: "parent" }), ...change });
}
