// The steps of a property, as plain data: fast-check draws sixty of these, the simulation turns each into a command.
// Numbers stand for "the n-th latest job, lease or session there is", so a step always means something.
import * as fc from "fast-check";
import {
  WORKER_COMMANDS,
  type Outcome,
  type ScheduleStatus,
  type WorkerCommandName,
} from "../../src/engine/contract/engine.js";
import type { Checkpoint } from "../../src/model/job/report/checkpoint.js";
import type { DependencyPolicy } from "../../src/model/job/dependency.js";
import { plainFailure, type Failure } from "../../src/model/failure/failure.js";
import type { GivenGroupState } from "../../src/model/failure/group.js";
import type { JobSpec } from "../../src/model/job/job.js";
import { DEFAULT_RETENTION, type Retention } from "../../src/model/job/retention.js";
import type { StepFailure } from "../../src/model/failure/step-failure.js";
import type { Unique } from "../../src/model/job/unique.js";
import { documentDraft, type DocumentDraft } from "./document-steps.js";

export const QUEUES = ["a", "b"] as const;
/** The longest a session lives without a heartbeat. In milliseconds. */
export const LONGEST_LIFE = 30_000;
export const TASKS = ["work", "scan"] as const;
export const TAGS = ["user:42", "{x}", "é"] as const;

/** What a job may be drawn as: everything but its name. */
export interface Draft extends Pick<
  JobSpec,
  "priority" | "due" | "attempts" | "ttl" | "tags" | "hold" | "unique" | "supersedes" | "retention" | "meta"
> {
  readonly queue: number;
  readonly naming: "generated" | "chosen" | "known";
  readonly known: number;
  readonly role: JobSpec["role"];
  /** The jobs it waits for. */
  readonly after: readonly { readonly job: number; readonly ifFailed: DependencyPolicy }[];
  /** The flow it belongs to. */
  readonly flow: { readonly flow: number; readonly ifFailed: "fail" | "continue" } | null;
}

/** What a schedule may be drawn as. */
export interface ScheduleDraft {
  readonly name: string;
  readonly times: { readonly every: number; readonly catchUp: "one" | "all" | "skip" };
  readonly overlap: "allow" | "skip" | "supersede";
  readonly jitter: number;
  readonly status: ScheduleStatus;
  readonly unique: boolean;
  /** How long before now its ticks begin, in milliseconds. */
  readonly past: number;
}

interface Settle {
  readonly lease: number;
  /** One of the session's own leases, or of any session? */
  readonly own: boolean;
  readonly outcome: Outcome;
}

type Reported = Pick<Checkpoint, "seq" | "kind" | "key" | "counters">;

export type Step = { readonly connection: number } & (
  | { readonly kind: "nothing" }
  | { readonly kind: "enqueueAgain" }
  | { readonly kind: "controlAgain" }
  /** A copy of an earlier command, not an exchange, arrives behind later ones. */
  | { readonly kind: "late"; readonly back: number }
  | { readonly kind: "enqueue"; readonly jobs: readonly Draft[] }
  | { readonly kind: "open"; readonly queues: readonly string[]; readonly ttl: number }
  | {
      readonly kind: "exchange";
      readonly session: number;
      readonly lane: number;
      readonly settle: readonly Settle[];
      readonly claim: { readonly max: number; readonly suspect: boolean; readonly tasks: readonly string[] } | null;
    }
  | { readonly kind: "exchangeAgain"; readonly session: number; readonly lane: number }
  /** A copy of an exchange that was overtaken by later ones arrives. */
  | { readonly kind: "exchangeLate"; readonly session: number; readonly back: number }
  /** `op`: the command that it acknowledges, if any. */
  | { readonly kind: "heartbeat"; readonly session: number; readonly ttl: number; readonly op: number | null }
  | {
      readonly kind: "commandWorker";
      readonly session: number;
      readonly command: WorkerCommandName;
      readonly op: number;
    }
  | { readonly kind: "close"; readonly session: number }
  /** Every worker dies, and a sweep recovers its jobs. */
  | { readonly kind: "outage" }
  | {
      readonly kind: "report";
      readonly session: number;
      readonly lease: number;
      readonly own: boolean;
      readonly percent: number | null;
      readonly checkpoints: readonly Reported[];
      readonly meta: string | null;
      readonly lines: number;
      /** Jobs it will wait for. */
      readonly after: readonly number[];
      /** Does it send the same report twice in one command? */
      readonly twice: boolean;
    }
  | {
      readonly kind: "control";
      readonly command: "release" | "cancel" | "retry" | "promote" | "remove";
      /** Only jobs in a state in which the command applies? */
      readonly fitting: boolean;
      readonly jobs: readonly number[];
      /** The options of `retry`. */
      readonly fromStart: boolean;
      readonly input: string | null;
    }
  /** A flow begins; `short`: with more members than there are. */
  | { readonly kind: "commit"; readonly flow: number; readonly short: boolean }
  | { readonly kind: "claimEnded"; readonly tasks: readonly string[]; readonly limit: number }
  | { readonly kind: "acknowledge"; readonly fitting: boolean; readonly jobs: readonly number[] }
  | {
      readonly kind: "update";
      readonly fitting: boolean;
      readonly jobs: readonly number[];
      readonly input: string | null;
      readonly priority: number | null;
      readonly due: JobSpec["due"] | null;
      readonly tags: readonly string[] | null;
    }
  | { readonly kind: "pause"; readonly queue: number }
  | { readonly kind: "resume"; readonly queue: number }
  | { readonly kind: "obliterate"; readonly queue: number; readonly force: boolean }
  | {
      readonly kind: "sweep";
      readonly queues: readonly string[];
      readonly limit: number;
      /** Is no session taken for dead? */
      readonly patient: boolean;
    }
  | { readonly kind: "advance"; readonly ms: number }
  | { readonly kind: "putSchedule"; readonly queue: number; readonly schedule: ScheduleDraft }
  /** The last command sent again, or a new one with the same content. */
  | { readonly kind: "putScheduleAgain"; readonly isAnother: boolean }
  | { readonly kind: "onSchedule"; readonly command: "pause" | "resume" | "remove"; readonly schedule: number }
  | {
      readonly kind: "fire";
      readonly schedules: readonly number[];
      /** By a worker that does not know of the last tick? */
      readonly stale: boolean;
    }
  | { readonly kind: "fireAgain" }
  | { readonly kind: "document"; readonly draft: DocumentDraft }
  | { readonly kind: "group"; readonly queue: number; readonly of: Failure; readonly state: GivenGroupState }
  | { readonly kind: "watch"; readonly queue: number; readonly fromNow: boolean; readonly max: number }
);

/** Ordinary objects: a deep comparison refuses those without a prototype. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true });

/** The usual value three times out of four. */
const mostly = <T>(usual: T, ...others: readonly fc.Arbitrary<T>[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 3 * others.length, arbitrary: fc.constant(usual) }, ...others);

const index = fc.nat({ max: 12 });
const which = fc.nat({ max: QUEUES.length - 1 });
const priority = mostly(0, fc.constantFrom(-100_000, -5, 3, 100_000));
const due = mostly<JobSpec["due"]>(
  { in: 0 },
  record({ in: fc.constantFrom(1, 1_000, 1_000, 60_000, 200_000) }),
  record({ at: fc.constantFrom(1_600_000_000_000, 1_700_000_002_000, 1_700_000_090_000) }),
);
const tags = fc.subarray([...TAGS]);
const keep = record({
  age: fc.constantFrom(0, 1_000, 60_000, 24 * 3_600_000),
  count: fc.constantFrom(null, null, 0, 1, 2),
});
const retention = mostly<Retention>(DEFAULT_RETENTION, record({ completed: keep, failed: keep }));
const uniqueKey = fc.constantFrom("k1", "k:2");
const unique = fc.oneof(
  fc.constant(null),
  record<Unique>({
    key: uniqueKey,
    until: fc.constantFrom<Unique["until"]>("finished", "finished", "started", 1_500),
    onConflict: fc.constantFrom("join", "join", "reject", "replace"),
  }),
  record<Unique>({
    key: uniqueKey,
    until: fc.constant("started"),
    onConflict: fc.constant("replace"),
    debounce: record({ wait: fc.constantFrom(1, 1_000, 1_500), most: fc.constantFrom(null, 1_500, 5_000) }),
  }),
);

// Engines treat jobs with nothing out of the ordinary apart, so half of them have nothing.
const plain: fc.Arbitrary<Draft> = record({
  queue: which,
  naming: fc.constant("generated" as const),
  known: index,
  priority: fc.constant(0),
  due: fc.constant({ in: 0 } as const),
  attempts: fc.integer({ min: 1, max: 3 }),
  ttl: fc.constant(null),
  tags: fc.constant([]),
  hold: fc.constant(false),
  role: fc.constant("job"),
  after: fc.constant([]),
  flow: fc.constant(null),
  unique: fc.constant(null),
  supersedes: fc.constant(null),
  retention: fc.constant(DEFAULT_RETENTION),
  meta: fc.constant(null),
});
const special: fc.Arbitrary<Draft> = record({
  queue: which,
  naming: fc.constantFrom("generated", "generated", "generated", "chosen", "known"),
  known: index,
  priority,
  due,
  attempts: fc.integer({ min: 1, max: 3 }),
  ttl: mostly<number | null>(null, fc.constantFrom(500, 3_000, 70_000)),
  tags,
  hold: mostly(false, fc.constant(true)),
  role: fc.constant("job"),
  after: fc.constant([]),
  flow: fc.constant(null),
  unique,
  supersedes: fc.constantFrom(null, null, null, "r1", "r1", "{r}"),
  retention,
  meta: mostly<string | null>(null, fc.constant('{"m":1}')),
});

// Jobs that are linked to others, and flows.
const ifFailed = fc.constantFrom<DependencyPolicy>("fail", "cancel", "continue");
const linked: fc.Arbitrary<Draft> = record({
  queue: which,
  naming: fc.constantFrom("generated", "generated", "chosen", "known"),
  known: index,
  priority,
  due,
  attempts: fc.integer({ min: 1, max: 2 }),
  ttl: mostly<number | null>(null, fc.constant(3_000)),
  tags,
  hold: fc.boolean(),
  role: mostly<JobSpec["role"]>("job", fc.constant("flow")),
  after: fc.array(record({ job: index, ifFailed }), { maxLength: 3 }),
  flow: fc.oneof(
    fc.constant(null),
    record({ flow: fc.nat({ max: 2 }), ifFailed: fc.constantFrom<"fail" | "continue">("fail", "continue") }),
  ),
  unique: fc.constant(null),
  supersedes: fc.constantFrom(null, null, null, "r1"),
  retention,
  meta: fc.constant(null),
});

// What supersedes has no key for a time.
const flowUnique = mostly<Unique | null>(
  null,
  record<Unique>({
    key: uniqueKey,
    until: fc.constantFrom<Unique["until"]>("finished", "started"),
    onConflict: fc.constantFrom("join", "reject"),
  }),
);
const linkedOrUnique = fc
  .tuple(linked, flowUnique)
  .map(([one, key]): Draft => (one.role === "flow" ? { ...one, unique: key } : one));

const draft = fc.oneof(plain, special, linkedOrUnique);

const error = fc
  .constantFrom("boom", "bang é \u2028", "boom")
  .map((message) => ({ ...plainFailure("Error", message, "E"), stack: message === "boom" ? null : "at x\n at y" }));
const failures: fc.Arbitrary<StepFailure[]> = fc.array(
  record({ step: fc.constantFrom("fetch", "é"), key: fc.constantFrom(null, "7"), error }),
  { maxLength: 2 },
);
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 4, arbitrary: record({ kind: fc.constant("complete"), result: fc.constantFrom(null, '{"r":1}') }) },
  { weight: 9, arbitrary: record({ kind: fc.constant("partial"), result: fc.constantFrom(null, '"half"'), failures }) },
  {
    weight: 4,
    arbitrary: record({ kind: fc.constant("fail"), error, retryIn: fc.constantFrom(null, 0, 0, 1_000, 30_000) }),
  },
  { weight: 1, arbitrary: record({ kind: fc.constant("snooze"), delay: fc.constantFrom(0, 1_000) }) },
  { weight: 2, arbitrary: record({ kind: fc.constant("return") }) },
  { weight: 12, arbitrary: record({ kind: fc.constant("decline") }) },
  { weight: 2, arbitrary: record({ kind: fc.constant("wait") }) },
);

const checkpoint = record<Reported>({
  seq: fc.integer({ min: 1, max: 4 }),
  kind: fc.constantFrom("step", "step", "sleep", "milestone"),
  key: fc.constantFrom(null, "item:1"),
  counters: fc.constantFrom(null, { found: 2 }),
});

const usually = fc.nat({ max: 4 }).map((n) => n < 4);
const session = fc.nat({ max: 4 });
const someJobs = fc.array(index, { minLength: 1, maxLength: 3 });
const ttl = fc.constantFrom(1_000, 5_000, LONGEST_LIFE, LONGEST_LIFE);

const scheduleDraft = record<ScheduleDraft>({
  name: fc.constantFrom("s1", "s2", "s1"),
  times: fc.constantFrom<ScheduleDraft["times"]>(
    { every: 1_000, catchUp: "one" },
    { every: 5_000, catchUp: "skip" },
    { every: 3_600_000, catchUp: "all" },
  ),
  overlap: fc.constantFrom("allow", "skip", "supersede"),
  jitter: mostly(0, fc.constant(900)),
  status: mostly<ScheduleStatus>("active", fc.constantFrom("paused", "moving")),
  unique: mostly(false, fc.constant(true)),
  past: fc.constantFrom(0, 0, 7_200_000),
});

type Of<K extends Step["kind"]> = Omit<Extract<Step, { kind: K }>, "connection">;
const step = <K extends Step["kind"]>(kind: K, rest: fc.Arbitrary<Omit<Of<K>, "kind">>): fc.Arbitrary<Step> =>
  fc.tuple(fc.nat({ max: 1 }), rest).map(([connection, more]) => ({ kind, connection, ...more }) as unknown as Step);
const none = fc.constant({});

/** One event. Shrinks to none. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { withCrossShrink: true },
  { weight: 1, arbitrary: step("nothing", none) },
  { weight: 18, arbitrary: step("enqueue", record({ jobs: fc.array(draft, { minLength: 1, maxLength: 4 }) })) },
  { weight: 3, arbitrary: step("enqueueAgain", none) },
  {
    weight: 6,
    arbitrary: step("open", record({ queues: fc.constantFrom(["a"], ["b"], ["a", "b"], ["b", "a"]), ttl })),
  },
  {
    weight: 34,
    arbitrary: step(
      "exchange",
      record({
        session,
        lane: fc.nat({ max: 1 }),
        settle: fc.array(record({ lease: fc.nat({ max: 5 }), own: usually, outcome }), { maxLength: 3 }),
        claim: mostly<{ max: number; suspect: boolean; tasks: readonly string[] } | null>(
          { max: 2, suspect: true, tasks: [TASKS[0]] },
          record({ max: fc.integer({ min: 0, max: 5 }), suspect: fc.boolean(), tasks: fc.subarray([...TASKS]) }),
          fc.constant(null),
        ),
      }),
    ),
  },
  {
    weight: 5,
    arbitrary: step("exchangeAgain", record({ session, lane: fc.nat({ max: 1 }) })),
  },
  { weight: 4, arbitrary: step("exchangeLate", record({ session, back: fc.integer({ min: 1, max: 6 }) })) },
  { weight: 6, arbitrary: step("heartbeat", record({ session, ttl, op: fc.constantFrom(null, 0, 1, 2) })) },
  {
    weight: 3,
    arbitrary: step(
      "commandWorker",
      record({ session, command: fc.constantFrom(...WORKER_COMMANDS), op: fc.nat({ max: 2 }) }),
    ),
  },
  { weight: 2, arbitrary: step("close", record({ session })) },
  { weight: 14, arbitrary: step("outage", none) },
  {
    weight: 8,
    arbitrary: step(
      "report",
      record({
        session,
        lease: fc.nat({ max: 5 }),
        own: usually,
        percent: fc.constantFrom(null, 0, 12.5, 99),
        checkpoints: fc.array(checkpoint, { maxLength: 3 }),
        meta: fc.constantFrom(null, '{"m":2}'),
        lines: fc.constantFrom(0, 1, 3),
        after: fc.oneof(fc.constant([]), fc.constant([]), fc.array(index, { maxLength: 2 })),
        twice: mostly(false, fc.constant(true)),
      }),
    ),
  },
  {
    weight: 14,
    arbitrary: step(
      "control",
      record({
        command: fc.constantFrom("release", "cancel", "cancel", "retry", "retry", "promote", "remove"),
        fitting: usually,
        jobs: someJobs,
        fromStart: fc.boolean(),
        input: mostly(null, fc.constantFrom('"again"', '{"n":2}')),
      }),
    ),
  },
  {
    weight: 3,
    arbitrary: step("claimEnded", record({ tasks: fc.subarray([...TASKS]), limit: fc.constantFrom(0, 1, 100) })),
  },
  {
    weight: 6,
    arbitrary: step("commit", record({ flow: fc.nat({ max: 2 }), short: mostly(false, fc.constant(true)) })),
  },
  { weight: 2, arbitrary: step("acknowledge", record({ fitting: usually, jobs: someJobs })) },
  { weight: 3, arbitrary: step("controlAgain", none) },
  { weight: 8, arbitrary: step("late", record({ back: fc.integer({ min: 1, max: 12 }) })) },
  {
    weight: 5,
    arbitrary: step(
      "update",
      record({
        fitting: usually,
        jobs: someJobs,
        input: fc.constantFrom(null, '"new"'),
        priority: fc.oneof(fc.constant(null), priority),
        due: fc.oneof(fc.constant(null), fc.constant(null), due),
        tags: fc.oneof(fc.constant(null), tags),
      }),
    ),
  },
  { weight: 1, arbitrary: step("pause", record({ queue: which })) },
  { weight: 2, arbitrary: step("resume", record({ queue: which })) },
  { weight: 1, arbitrary: step("obliterate", record({ queue: which, force: fc.boolean() })) },
  {
    weight: 10,
    arbitrary: step(
      "sweep",
      record({
        queues: fc.constantFrom(["a", "b"], ["a", "b"], ["a"], ["b"]),
        limit: fc.constantFrom(1, 2, 100),
        patient: mostly(false, fc.constant(true)),
      }),
    ),
  },
  {
    weight: 14,
    arbitrary: step(
      "advance",
      record({ ms: fc.constantFrom(1, 1, 100, 500, 999, 1_000, 1_000, 1_500, 5_000, 61_000, 86_400_000) }),
    ),
  },
  { weight: 3, arbitrary: step("putSchedule", record({ queue: which, schedule: scheduleDraft })) },
  { weight: 1, arbitrary: step("putScheduleAgain", record({ isAnother: fc.boolean() })) },
  {
    weight: 2,
    arbitrary: step(
      "onSchedule",
      record({ command: fc.constantFrom("pause", "resume", "resume", "remove"), schedule: fc.nat({ max: 3 }) }),
    ),
  },
  {
    weight: 5,
    arbitrary: step(
      "fire",
      record({
        schedules: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 2 }),
        stale: mostly(false, fc.constant(true)),
      }),
    ),
  },
  { weight: 1, arbitrary: step("fireAgain", none) },
  {
    weight: 4,
    arbitrary: step(
      "group",
      record({ queue: which, of: error, state: fc.constantFrom("resolved", "resolved", "acknowledged", "open") }),
    ),
  },
  { weight: 8, arbitrary: step("document", record({ draft: documentDraft })) },
  {
    weight: 4,
    arbitrary: step("watch", record({ queue: which, fromNow: fc.boolean(), max: fc.constantFrom(1, 100) })),
  },
);
