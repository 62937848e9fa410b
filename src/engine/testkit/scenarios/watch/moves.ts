/** What the event of a job that moved says: its task, what moved it, the attempt, how long a run took, what failed, its flow. */
import assert from "node:assert/strict";
import { DEPENDENCY_FAILED } from "../../../../model/job/dependency.js";
import type { QueueEvent } from "../../../../model/job/event.js";
import { plainFailure } from "../../../../model/failure/failure.js";
import { CRASH_LIMIT } from "../../../../model/job/job.js";
import { OTHER } from "../../context/dependency-helpers.js";
import { all, chain, HOME, run } from "../../context/flow-helpers.js";
import { begin, child } from "../../context/late-member-helpers.js";
import { MAIN } from "../../context/scenario-context.js";
import { scenarios } from "../../context/scenario.js";
import { BOOM } from "../../context/test-session.js";
import { watching, words } from "../../context/watch-helpers.js";

/** Moves as texts: cause, state, attempt, and how long the run took. */
function moves(events: readonly QueueEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.kind !== "state") return [];
    const { cause, state, attempt, duration } = event;
    return [`${cause}: ${state} ${attempt}${duration === null ? "" : ` after ${duration}`}`];
  });
}

/** The fingerprints that they say, by cause. */
function fingerprints(events: readonly QueueEvent[]): [string, string | null][] {
  return events.flatMap((event) => (event.kind === "state" ? [[event.cause, event.fingerprint]] : []));
}

const plain = { kind: "return" } as const;

export const watchMoves = scenarios("watch", [
  [
    "move-says-why",
    "the event of a move says what caused it, the attempt that begins or ended, and how long the run took",
    async (context) => {
      const look = await watching(context);
      const id = await context.add({ hold: true, due: { in: 1_000 } });
      await context.control("release", id);
      context.advance(1_000);
      const session = await context.session();
      const first = await session.next();
      context.advance(10);
      await session.fail(first, 500);
      await context.control("promote", id);
      const second = await session.next();
      context.advance(20);
      await session.settle(second, { kind: "snooze", delay: 0 });
      const third = await session.next();
      context.advance(30);
      await session.settle(third, plain);
      const fourth = await session.next();
      context.advance(40);
      await session.complete(fourth);
      await context.control("retry", id);
      await context.update(id, { due: { in: 5_000 } });
      await context.control("cancel", id);
      assert.deepEqual(moves((await look()).events), [
        "enqueue: blocked 0",
        "release: delayed 0",
        "promote: queued 0",
        "lease: active 1",
        "backoff: delayed 1 after 10",
        "promote: queued 1",
        "lease: active 2",
        "snooze: queued 2 after 20",
        "lease: active 2",
        "return: queued 2 after 30",
        "lease: active 2",
        "complete: completed 2 after 40",
        "retry: queued 0",
        "postpone: delayed 0",
        "cancel: cancelled 0",
      ]);
    },
  ],
  [
    "run-taken-says-why",
    "of a run that is taken from its worker, the event says how long it took, too",
    async (context) => {
      const look = await watching(context);
      const session = await context.session({ ttl: 100_000 });
      const begun = async (change = {}): Promise<string> => {
        const id = await context.add(change);
        await session.next();
        context.advance(5);
        return id;
      };
      await context.control("cancel", await begun());
      await begun({ supersedes: "k" });
      await context.add({ supersedes: "k" });
      await session.next();
      context.advance(5);
      await session.close();
      assert.deepEqual(moves((await look()).events), [
        "enqueue: queued 0",
        "lease: active 1",
        "cancel: cancelled 1 after 5",
        "enqueue: queued 0",
        "lease: active 1",
        "supersede: superseded 1 after 5",
        "enqueue: queued 0",
        "lease: active 1",
        "return: queued 1 after 5",
      ]);
    },
  ],
  [
    "declined-says-returned",
    "a job that is declined, and one whose run waits for others, say so",
    async (context) => {
      const look = await watching(context);
      const session = await context.session();
      await context.add();
      await session.settle(await session.next(), { kind: "decline" });
      const [lease] = await session.claim(1, { tasks: ["work"] });
      assert.ok(lease);
      await session.settle(lease, { kind: "wait" });
      await session.settle(await session.next(), { kind: "partial", result: null });
      assert.deepEqual(moves((await look()).events), [
        "enqueue: queued 0",
        "lease: active 1",
        "return: queued 1 after 0",
        "lease: active 1",
        "wait: queued 1 after 0",
        "lease: active 1",
        "partial: partial 1 after 0",
      ]);
    },
  ],
  [
    "end-in-upkeep-says-why",
    "ends that no worker reports say what caused them",
    async (context) => {
      const look = await watching(context);
      await context.add({ ttl: 1_000, priority: 1 });
      await context.add();
      for (let deaths = 0; deaths < CRASH_LIMIT; deaths += 1) {
        await (await context.session({ ttl: 1_000 })).next();
        context.advance(1_000);
        await context.sweep();
      }
      const { events } = await look();
      assert.deepEqual(moves(events).toSorted(), [
        "enqueue: queued 0",
        "enqueue: queued 0",
        "expire: expired 0",
        ...Array.from({ length: CRASH_LIMIT }, () => "lease: active 1"),
        "recover: failed 1 after 1000",
        ...Array.from({ length: CRASH_LIMIT - 1 }, () => "recover: queued 1 after 1000"),
      ]);
      const told = fingerprints(events).filter(([, fingerprint]) => fingerprint !== null);
      assert.deepEqual(
        told.map(([cause]) => cause),
        ["recover"],
      );
    },
  ],
  [
    "move-says-task",
    "the event of a move says the name of the task, whatever way the job took",
    async (context) => {
      const look = await watching(context);
      const usual = await context.addMany(3, { task: "usual" });
      await context.add({ task: "tagged", tags: ["a:1"], priority: -1 });
      const session = await context.session();
      const leases = await session.claim(4);
      context.advance(7);
      for (const lease of leases) await session.complete(lease);
      const { events } = await look();
      assert.equal(events.length, 12);
      assert.deepEqual(moves(events.slice(-4)), Array<string>(4).fill("complete: completed 1 after 7"));
      const tasks = events.map((event) => event.kind === "state" && [usual.includes(event.id), event.task]);
      assert.deepEqual(
        tasks.filter((one) => one && one[0] !== (one[1] === "usual")),
        [],
      );
    },
  ],
  [
    "measured-runs-say-task",
    "so they do, with the time they took, when the worker measured runs of one task or of several and settled them together",
    async (context) => {
      const look = await watching(context);
      const session = await context.session();
      for (const tasks of [
        ["one", "one"],
        ["one", "two"],
        ["two", "two", "one"],
      ]) {
        for (const task of tasks) await context.add({ task });
        const leases = await session.claim(5);
        context.advance(7);
        const settle = leases.map(({ queue, id, epoch, body }) => {
          const measured = { task: body?.task ?? "", wait: 1, run: 2 };
          return { queue, id, epoch, outcome: { kind: "complete", result: null } as const, measured };
        });
        await session.exchange(settle);
        const ends = (await look()).events.flatMap((event) => {
          return event.kind === "state" && event.state === "completed"
            ? [[event.task, event.attempt, event.duration]]
            : [];
        });
        assert.deepEqual(
          ends,
          tasks.map((task) => [task, 1, 7]),
        );
      }
    },
  ],
  [
    "failure-says-fingerprint",
    "the event of a failure says its fingerprint, whether the job is tried again or not; no other event does",
    async (context) => {
      const look = await watching(context);
      await context.add();
      const session = await context.session();
      await session.fail(await session.next(), 0);
      const other = plainFailure("TypeError", "no such field", "E_FIELD");
      await session.fail(await session.next(), null, other);
      assert.notEqual(BOOM.fingerprint, other.fingerprint);
      assert.deepEqual(fingerprints((await look()).events), [
        ["enqueue", null],
        ["lease", null],
        ["backoff", BOOM.fingerprint],
        ["lease", null],
        ["fail", other.fingerprint],
      ]);
    },
  ],
  [
    "member-says-its-flow",
    "the events of a flow's jobs say which flow; those of other jobs, and of the flow itself, say none",
    async (context) => {
      const looks = await Promise.all([MAIN, OTHER, HOME].map((queue) => watching(context, queue)));
      await context.add();
      const made = await chain(context);
      await made.begin();
      const session = await all(context);
      for (let count = 0; count < 4; count += 1) await run(session);
      const flow = { queue: HOME, id: made.flow };
      for (const look of looks) {
        for (const event of (await look()).events) {
          if (event.kind !== "state") continue;
          const { id } = event;
          assert.deepEqual([id, event.flow], [id, made.ids.includes(id) ? flow : null]);
        }
      }
    },
  ],
  [
    "flow-moves-say-why",
    "the moves of a flow and its jobs say what caused them",
    async (context) => {
      const looks = await Promise.all([MAIN, OTHER, HOME].map((queue) => watching(context, queue)));
      const made = await chain(context);
      await made.begin();
      const session = await all(context);
      await session.fail(await session.next(), null);
      const told = await Promise.all(looks.map(async (look) => (await look()).events));
      assert.deepEqual(told.map(moves), [
        [
          "enqueue: blocked 0",
          "enqueue: blocked 0",
          "release: queued 0",
          "lease: active 1",
          "fail: failed 1 after 0",
          "dependency: failed 0",
        ],
        ["enqueue: blocked 0", "dependency: failed 0"],
        ["enqueue: blocked 0", "flow-end: failed 0"],
      ]);
      const failures = told.flatMap(fingerprints).filter(([, fingerprint]) => fingerprint !== null);
      assert.deepEqual(
        failures.map(([cause]) => cause),
        ["fail", "dependency", "dependency", "flow-end"],
      );
      const flow = await context.job(made.flow, HOME);
      assert.deepEqual([flow.error?.code, flow.error?.fingerprint], [DEPENDENCY_FAILED, failures.at(-1)?.[1]]);
    },
  ],
  [
    "flow-tells-its-members",
    "a flow tells of each job that becomes a member, once, also while it runs",
    async (context) => {
      const look = await watching(context, HOME);
      const { flow, parent } = await begin(context);
      const late = child(context, flow);
      await context.engine.enqueue({ jobs: [late] });
      await context.engine.enqueue({ jobs: [late] });
      await context.sweep(100, [MAIN, OTHER, HOME]);
      const { events } = await look();
      assert.deepEqual(words(events), [
        `blocked ${flow.id}`,
        `member ${parent} of ${flow.id}`,
        `member ${late.id} of ${flow.id}`,
      ]);
      const joined = events.at(-1);
      assert.deepEqual(joined?.kind === "member" && joined.member, { queue: OTHER, id: late.id });
    },
  ],
]);
