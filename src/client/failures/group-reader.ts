/** Reads the failure groups of many queues: those seen last first, and no more of them than say enough. */
import { MOST_GROUPS_LISTED, type FailureGroupPage } from "../../engine/contract/failure-groups.js";
import type { Engine } from "../../engine/contract/engine.js";
import type { FailureGroup } from "../../model/failure/group.js";
import { isReserved } from "../../model/value/name.js";

/** How many groups are read, some of the last queues aside: a queue has 1,000 at most, and mostly few. */
export const MOST_GROUPS_READ = 10_000;
/** How many queues are asked at a time. */
const QUEUES_AT_ONCE = 20;

/** The groups of some queues. */
export interface GroupsRead {
  readonly groups: readonly FailureGroup[];
  /** Are these all? Else the ones seen last the longest ago are missing. */
  readonly exact: boolean;
  /** How many groups were dropped by their queues. */
  readonly dropped: number;
}

/** The queues of the application. */
export async function ownQueues(engine: Engine): Promise<readonly string[]> {
  return (await engine.queues()).map(({ name }) => name).filter((name) => !isReserved(name));
}

/**
 * The groups of these queues.
 * @param since older ones need not be read: epoch milliseconds
 */
export async function readGroups(
  engine: Engine,
  queues: readonly string[],
  since = Number.NEGATIVE_INFINITY,
): Promise<GroupsRead> {
  const groups: FailureGroup[] = [];
  let dropped = 0;
  let open = queues.map((queue): { readonly queue: string; readonly after: string | null } => ({ queue, after: null }));
  while (open.length > 0 && groups.length < MOST_GROUPS_READ) {
    const pages = await eachOf(open, ({ queue, after }) =>
      engine.failureGroups({ queue, after, limit: MOST_GROUPS_LISTED }),
    );
    const more: typeof open = [];
    for (const [index, page] of pages.entries()) {
      const asked = open[index];
      if (asked === undefined) continue;
      groups.push(...page.groups);
      if (asked.after === null) dropped += page.dropped;
      if (page.next !== null && isOpen(page, since)) more.push({ queue: asked.queue, after: page.next });
    }
    open = more;
  }
  return { groups, exact: open.length === 0, dropped };
}

function isOpen({ groups }: FailureGroupPage, since: number): boolean {
  return (groups.at(-1)?.lastAt ?? Number.POSITIVE_INFINITY) >= since;
}

/** Asks for each of them, some at a time, and answers in their order. */
export async function eachOf<Thing, Answer>(
  things: readonly Thing[],
  ask: (thing: Thing) => Answer | Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let from = 0; from < things.length; from += QUEUES_AT_ONCE) {
    answers.push(...(await Promise.all(things.slice(from, from + QUEUES_AT_ONCE).map(async (thing) => ask(thing)))));
  }
  return answers;
}
