// How a job reacts to messages: the table. `reactTo` is held to it directly, and every engine through what can be seen of its
// jobs. Plain data, so that what is written in another language can be held to it too.
import type { DependencyEnd, DependencyPolicy } from "../../../src/model/job/dependency.js";
import { MOST_MEMBERS } from "../../../src/model/job/membership.js";
import type { JobState } from "../../../src/model/job/state.js";
import type { Effect, Receiver } from "../../../src/engine/shared/reactions.js";

type Kinds = readonly Effect["kind"][];

/** The jobs that get messages, by what matters of them. */
export const RECEIVERS = {
  "waits for it alone": { pending: 1, dependencies: 1 },
  "waits for another one too": { pending: 2, dependencies: 2 },
  "is held": { pending: 1, dependencies: 1, held: true },
  "is due later": { pending: 1, dependencies: 1 },
  "runs already": { state: "active", pending: 1, dependencies: 1 },
  "has ended": { state: "cancelled", pending: 1, dependencies: 1 },
  "is a flow being created": { flow: "open", pending: 1, dependencies: 1 },
  "is a flow, and this its last member": { flow: "begun", pending: 1, dependencies: 1 },
  "is a flow with other members at work": { flow: "begun", pending: 2, dependencies: 2 },
  "is a flow that has ended": { flow: "begun", state: "cancelled", pending: 1, dependencies: 1 },
} as const satisfies Record<string, Partial<Receiver>>;

/** A dependency of a job has ended. */
export interface EndCase {
  readonly job: keyof typeof RECEIVERS;
  readonly ifFailed: DependencyPolicy;
  readonly end: DependencyEnd;
  /** Beside `end-dependency`. */
  readonly effects: Kinds;
  /** The state in which it leaves the job. */
  readonly state: JobState;
}

const FAILS = ["record-failure", "end"] as const;
const READY = ["make-ready"] as const;

export const END_CASES: readonly EndCase[] = [
  ...rows("waits for it alone", "fail", [
    ["completed", READY, "queued"],
    ["partial", READY, "queued"],
    ["failed", FAILS, "failed"],
    ["cancelled", FAILS, "failed"],
    ["superseded", FAILS, "failed"],
    ["expired", FAILS, "failed"],
    ["removed", FAILS, "failed"],
  ]),
  ...rows("waits for it alone", "cancel", [
    ["completed", READY, "queued"],
    ["partial", READY, "queued"],
    ["failed", ["end"], "cancelled"],
    ["cancelled", ["end"], "cancelled"],
    ["superseded", ["end"], "cancelled"],
    ["expired", ["end"], "cancelled"],
    ["removed", ["end"], "cancelled"],
  ]),
  ...rows("waits for it alone", "continue", [
    ["completed", READY, "queued"],
    ["partial", READY, "queued"],
    ["failed", READY, "queued"],
    ["cancelled", READY, "queued"],
    ["superseded", READY, "queued"],
    ["expired", READY, "queued"],
    ["removed", READY, "queued"],
  ]),
  ...rows("waits for another one too", "fail", [
    ["completed", [], "blocked"],
    ["failed", FAILS, "failed"],
  ]),
  ...rows("waits for another one too", "cancel", [["failed", ["end"], "cancelled"]]),
  ...rows("waits for another one too", "continue", [["failed", [], "blocked"]]),
  ...rows("is held", "fail", [
    ["completed", [], "blocked"],
    ["failed", FAILS, "failed"],
  ]),
  ...rows("is held", "cancel", [["removed", ["end"], "cancelled"]]),
  ...rows("is held", "continue", [["failed", [], "blocked"]]),
  ...rows("is due later", "fail", [
    ["completed", READY, "delayed"],
    ["failed", FAILS, "failed"],
  ]),
  ...rows("runs already", "continue", [
    ["completed", [], "active"],
    ["failed", [], "active"],
  ]),
  ...rows("has ended", "fail", [
    ["completed", [], "cancelled"],
    ["failed", [], "cancelled"],
  ]),
  ...rows("is a flow being created", "fail", [
    ["cancelled", ["record-failure"], "blocked"],
    ["superseded", ["record-failure"], "blocked"],
    ["removed", ["record-failure"], "blocked"],
  ]),
  ...rows("is a flow being created", "continue", [["cancelled", [], "blocked"]]),
  ...rows("is a flow, and this its last member", "fail", [
    ["completed", ["complete-flow"], "completed"],
    ["partial", ["complete-flow"], "partial"],
    ["failed", ["record-failure", "complete-flow"], "failed"],
    ["cancelled", ["record-failure", "complete-flow"], "failed"],
    ["superseded", ["record-failure", "complete-flow"], "failed"],
    ["expired", ["record-failure", "complete-flow"], "failed"],
    ["removed", ["record-failure", "complete-flow"], "failed"],
  ]),
  ...rows("is a flow, and this its last member", "continue", [
    ["completed", ["complete-flow"], "completed"],
    ["failed", ["complete-flow"], "partial"],
    ["removed", ["complete-flow"], "partial"],
  ]),
  ...rows("is a flow with other members at work", "fail", [
    ["completed", [], "blocked"],
    ["failed", ["record-failure"], "blocked"],
  ]),
  ...rows("is a flow with other members at work", "continue", [["failed", [], "blocked"]]),
  ...rows("is a flow that has ended", "fail", [["cancelled", [], "cancelled"]]),
];

function rows(
  job: EndCase["job"],
  ifFailed: DependencyPolicy,
  ends: readonly (readonly [DependencyEnd, Kinds, JobState])[],
): EndCase[] {
  return ends.map(([end, effects, state]) => ({ job, ifFailed, end, effects, state }));
}

/** A job begins to depend on another one: `link`; `go` when that is a member of a flow which has begun. */
export interface DependentCase {
  readonly kind: "link" | "go";
  readonly state: JobState;
  readonly held: boolean;
  readonly effects: Kinds;
  /** Is the end reported at once? */
  readonly replies: boolean;
}

const ADDED = "add-dependent";

export const DEPENDENT_CASES: readonly DependentCase[] = [
  { kind: "link", state: "blocked", held: true, effects: [ADDED], replies: false },
  { kind: "link", state: "delayed", held: false, effects: [ADDED], replies: false },
  { kind: "link", state: "queued", held: false, effects: [ADDED], replies: false },
  { kind: "link", state: "active", held: false, effects: [ADDED], replies: false },
  { kind: "link", state: "completed", held: false, effects: [ADDED, "retain"], replies: true },
  { kind: "link", state: "partial", held: false, effects: [ADDED, "retain"], replies: true },
  { kind: "link", state: "failed", held: false, effects: [ADDED, "retain"], replies: true },
  { kind: "link", state: "cancelled", held: false, effects: [ADDED, "retain"], replies: true },
  { kind: "link", state: "superseded", held: false, effects: [ADDED, "retain"], replies: true },
  { kind: "link", state: "expired", held: false, effects: [ADDED, "retain"], replies: true },
  { kind: "go", state: "blocked", held: true, effects: ["release", ADDED], replies: false },
  { kind: "go", state: "cancelled", held: true, effects: ["clear-hold", ADDED, "retain"], replies: true },
  { kind: "go", state: "superseded", held: true, effects: ["clear-hold", ADDED, "retain"], replies: true },
  { kind: "go", state: "expired", held: true, effects: ["clear-hold", ADDED, "retain"], replies: true },
];

/** A member joins its flow. */
export interface JoinCase {
  readonly name: string;
  readonly flow: Partial<Receiver>;
  /** Is the member held until the flow begins? */
  readonly held: boolean;
  readonly effects: Kinds;
  readonly replies: readonly ("cancel" | "go" | "drop")[];
}

const JOINS = "add-dependency";
const AGAIN = "reopen-dependency";
const OPEN = { flow: "open" } as const;
const BEGUN = { flow: "begun" } as const;
const OVER = { flow: "begun", state: "failed" } as const;

export const JOIN_CASES: readonly JoinCase[] = [
  { name: "no flow", flow: { flow: null }, held: true, effects: [], replies: ["cancel"] },
  { name: "a flow being created", flow: OPEN, held: true, effects: [JOINS], replies: [] },
  {
    name: "one that was cancelled incomplete",
    flow: { ...OPEN, state: "cancelled" },
    held: true,
    effects: [],
    replies: ["cancel"],
  },
  {
    name: "one that was cancelled incomplete and knows it",
    flow: { ...OPEN, state: "cancelled", known: { state: null, ifFailed: "fail" } },
    held: true,
    effects: [],
    replies: ["drop"],
  },
  { name: "one that has begun", flow: BEGUN, held: true, effects: [JOINS], replies: ["go"] },
  { name: "one that has ended", flow: OVER, held: true, effects: [JOINS], replies: ["cancel", "go"] },
  { name: "a full one", flow: { ...BEGUN, dependencies: MOST_MEMBERS }, held: true, effects: [], replies: ["cancel"] },
  {
    name: "a full one that knows it",
    flow: { ...BEGUN, dependencies: MOST_MEMBERS, known: { state: null, ifFailed: "fail" } },
    held: true,
    effects: [],
    replies: ["go"],
  },
  {
    name: "one that waits for it",
    flow: { ...BEGUN, known: { state: null, ifFailed: "fail" } },
    held: false,
    effects: [],
    replies: [],
  },
  {
    name: "one that waits for it, held still",
    flow: { ...BEGUN, known: { state: null, ifFailed: "fail" } },
    held: true,
    effects: [],
    replies: ["go"],
  },
  {
    name: "one that knows its failure",
    flow: { ...BEGUN, known: { state: "failed", ifFailed: "continue" } },
    held: false,
    effects: [AGAIN],
    replies: ["go"],
  },
  {
    name: "one that knows its success",
    flow: { ...BEGUN, known: { state: "completed", ifFailed: "fail" } },
    held: false,
    effects: [],
    replies: [],
  },
  {
    name: "one being created that knows its failure",
    flow: { ...OPEN, known: { state: "cancelled", ifFailed: "fail" } },
    held: true,
    effects: [AGAIN],
    replies: [],
  },
  {
    name: "one being created that knows its success",
    flow: { ...OPEN, known: { state: "completed", ifFailed: "fail" } },
    held: true,
    effects: [AGAIN],
    replies: [],
  },
  {
    name: "an ended one without its end",
    flow: { ...OVER, known: { state: null, ifFailed: "fail" } },
    held: false,
    effects: [],
    replies: ["cancel", "go"],
  },
  {
    name: "an ended one with its end",
    flow: { ...OVER, known: { state: "failed", ifFailed: "fail" } },
    held: false,
    effects: [],
    replies: [],
  },
];

/** The messages that only take something away. */
export interface RemovalCase {
  readonly kind: "unlink" | "cancel" | "drop";
  readonly name: string;
  readonly job: Partial<Receiver>;
  readonly effects: Kinds;
}

const LAST = { awaited: true, awaitedOnlyBySender: true } as const;

export const REMOVAL_CASES: readonly RemovalCase[] = [
  {
    kind: "unlink",
    name: "the last dependent of an ended job",
    job: { ...LAST, state: "completed" },
    effects: ["remove-dependent", "unretain"],
  },
  { kind: "unlink", name: "one of several", job: { state: "completed", awaited: true }, effects: ["remove-dependent"] },
  { kind: "unlink", name: "the last dependent of a waiting job", job: LAST, effects: ["remove-dependent"] },
  {
    kind: "unlink",
    name: "the last dependent of an incomplete flow",
    job: { ...LAST, flow: "open", state: "cancelled" },
    effects: ["remove-dependent"],
  },
  { kind: "cancel", name: "a held member", job: { held: true }, effects: ["cancel"] },
  { kind: "cancel", name: "a member that runs", job: { state: "active" }, effects: ["cancel"] },
  { kind: "cancel", name: "a member that has ended", job: { state: "completed" }, effects: [] },
  { kind: "drop", name: "a held member", job: { held: true, awaited: true }, effects: ["remove"] },
  { kind: "drop", name: "an ended member", job: { state: "cancelled", awaited: true }, effects: ["remove"] },
  { kind: "drop", name: "a member that runs", job: { state: "active", awaited: true }, effects: [] },
  { kind: "drop", name: "another job with its id", job: { state: "queued" }, effects: [] },
];
