/**
 * Every command that makes a job ready wakes an idle worker on another connection: idle workers do not poll.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { MAIN, type ScenarioContext } from "../../context/scenario-context.js";
import { makeSuspects } from "../../context/lease-helpers.js";
import { scenarios } from "../../context/scenario.js";
import { settlement, type TestSession } from "../../context/test-session.js";
import type { Lease, Outcome } from "../../../contract/engine.js";
import { BOOM } from "../../context/test-session.js";

const HOUR = 3_600_000;

type Happening = (context: ScenarioContext) => Promise<unknown>;

/** Waits on a connection of its own without wake-ups left over, and expects the call that `arrange` answers to end the wait. */
async function wakesIdle(
  context: ScenarioContext,
  arrange: (context: ScenarioContext) => Promise<Happening>,
): Promise<void> {
  const idle = await context.open();
  const happening = await arrange(context);
  const { signal } = new AbortController();
  // Take the wake-ups of earlier commands and the jobs that are ready: only the call below can wake.
  for (let left = true; left;) {
    const enough = new AbortController();
    void sleep(100).then(() => enough.abort());
    left = (await idle.awaitWork({ queues: [MAIN], timeout: 20, signal: enough.signal })) !== null;
  }
  const waiting = idle.awaitWork({ queues: [MAIN], timeout: HOUR, signal });
  await happening(context);
  await context.resolves("who is idle is woken", waiting);
}

/** A job that runs in a session that claims nothing more. */
async function running(context: ScenarioContext, change = {}): Promise<{ session: TestSession; lease: Lease }> {
  await context.add(change);
  const session = await context.session();
  return { session, lease: await session.next() };
}

const BACK_IN_LINE: readonly (readonly [slug: string, title: string, outcome: Outcome])[] = [
  ["handed-back", "is handed back", { kind: "return" }],
  ["retry-at-once", "failed and is tried again at once", { kind: "fail", error: BOOM, retryIn: 0 }],
  ["put-back", "is snoozed for no time", { kind: "snooze", delay: 0 }],
  ["waiting-for-none", "waits for no job at all", { kind: "wait" }],
];

const KINDS = [
  ["plain", "a plain job", {}],
  ["other-priority", "a job of another priority", { priority: 7 }],
] as const;

const RETENTIONS = [
  ["age", { age: 5_000, count: null }],
  ["count", { age: HOUR, count: 0 }],
] as const;

export const wake = scenarios("wake", [
  ...RETENTIONS.flatMap(([slug, kept]) => {
    const retention = { completed: kept, failed: kept };
    return [
      [
        `cancelled-goes-first-by-${slug}`,
        `a job that someone cancels and that retention removes before all others, by ${slug}, wakes an idle worker`,
        (context: ScenarioContext) =>
          wakesIdle(context, async () => {
            const id = await context.add({ retention, due: { in: 2 * HOUR } });
            return () => context.control("cancel", id);
          }),
      ] as const,
      [
        `unneeded-goes-first-by-${slug}`,
        `a job that is left to retention as what needed it is removed, and goes before all others by ${slug}, wakes an idle worker`,
        (context: ScenarioContext) =>
          wakesIdle(context, async () => {
            const { session, lease } = await running(context, { retention });
            const after = [{ queue: MAIN, id: lease.id, ifFailed: "fail" }] as const;
            const [dependent] = await context.addMany(1, { queue: "other", after, due: { in: 2 * HOUR } });
            await session.complete(lease);
            return async () => context.engine.remove({ refs: [{ queue: "other", id: dependent ?? "" }], op: "op" });
          }),
      ] as const,
    ];
  }),
  ...BACK_IN_LINE.flatMap(([slug, title, outcome]) =>
    KINDS.map(
      ([kindSlug, kind, change]) =>
        [
          `${kindSlug}-${slug}`,
          `${kind} that ${title} by a worker that claims nothing wakes an idle one`,
          (context: ScenarioContext) =>
            wakesIdle(context, async () => {
              const { session, lease } = await running(context, change);
              return () => session.exchange([settlement(lease, outcome)]);
            }),
        ] as const,
    ),
  ),
  [
    "suspect-handed-back",
    "a suspect that is handed back wakes an idle worker",
    (context) =>
      wakesIdle(context, async () => {
        await context.add();
        await makeSuspects(context);
        const session = await context.session();
        const lease = await session.next();
        assert.equal(lease.suspect, true);
        return () => session.exchange([settlement(lease, { kind: "return" })]);
      }),
  ],
  [
    "closing-session",
    "the jobs of a session that closes wake who is idle",
    (context) =>
      wakesIdle(context, async () => {
        const { session } = await running(context);
        return () => session.close();
      }),
  ],
  [
    "dead-session",
    "the jobs of a session that is taken for dead wake who is idle",
    (context) =>
      wakesIdle(context, async () => {
        await running(context);
        context.advance(HOUR);
        return () => context.sweep();
      }),
  ],
  [
    "promoted-by-exchange",
    "a delayed job wakes an idle worker when it is promoted by an exchange that claims nothing",
    (context) =>
      wakesIdle(context, async () => {
        const { session, lease } = await running(context);
        await context.add({ due: { in: 2 * HOUR } });
        context.advance(2 * HOUR);
        return () => session.exchange([settlement(lease, { kind: "complete", result: null })]);
      }),
  ],
  [
    "promoted-by-sweep",
    "a delayed job that a sweep promotes wakes an idle worker",
    (context) =>
      wakesIdle(context, async () => {
        await context.add({ due: { in: 2 * HOUR } });
        context.advance(2 * HOUR);
        return () => context.sweep();
      }),
  ],
  [
    "ttl-of-held-job",
    "a held job whose ttl ends before those known wakes an idle worker, which is to sweep then",
    (context) =>
      wakesIdle(context, async () => {
        await context.add({ hold: true, ttl: 2 * HOUR });
        return () => context.add({ hold: true, ttl: 60_000 });
      }),
  ],
  [
    "ttl-in-paused-queue",
    "a job of a paused queue whose ttl ends first wakes an idle worker, which is to sweep then",
    (context) =>
      wakesIdle(context, async () => {
        await context.engine.pause({ queue: MAIN });
        return () => context.add({ ttl: 60_000 });
      }),
  ],
  [
    "held-job-released",
    "a held job that is released wakes an idle worker",
    (context) =>
      wakesIdle(context, async () => {
        const id = await context.add({ hold: true });
        return () => context.control("release", id);
      }),
  ],
  [
    "retried-by-hand",
    "a job that is retried wakes an idle worker",
    (context) =>
      wakesIdle(context, async () => {
        const { session, lease } = await running(context);
        await session.fail(lease, null);
        return () => context.control("retry", lease.id);
      }),
  ],
  [
    "time-changed-to-now",
    "a delayed job whose time is changed to now wakes an idle worker",
    (context) =>
      wakesIdle(context, async () => {
        const id = await context.add({ due: { in: 2 * HOUR } });
        return () => context.update(id, { due: { in: 0 } });
      }),
  ],
  ...(
    [
      ["own", MAIN],
      ["another", "elsewhere"],
    ] as const
  ).map(
    ([which, queue]) =>
      [
        `dependency-in-${which}-queue-ends`,
        `a job whose dependency in ${which === "own" ? "its own" : "another"} queue ends wakes an idle worker`,
        (context: ScenarioContext) =>
          wakesIdle(context, async () => {
            const id = await context.add({ queue });
            const session = await context.session({ queues: [queue] });
            const lease = await session.next();
            await context.add({ after: [{ queue, id, ifFailed: "fail" }] });
            return () => session.complete(lease);
          }),
      ] as const,
  ),
]);
