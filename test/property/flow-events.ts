// The events of a flow, as plain data: fast-check draws the flow itself, a graph of 2 to 20 jobs over three queues, how far its
// creator comes, and the events while it runs. Numbers stand for "the n-th latest job, lease or session there is".
import * as fc from "fast-check";
import type { Outcome } from "../../src/engine/contract/engine.js";
import { POLICIES, type DependencyPolicy } from "../../src/model/job/dependency.js";
import { plainFailure } from "../../src/model/failure/failure.js";
import type { Breakage } from "../engine/redis/breakage.js";
import type { Cases } from "./check.js";

/** The queues of members; flows have one of their own. */
export const QUEUES = ["a", "b", "c"] as const;

/** A dependency: the n-th latest job. */
export interface Wait {
  readonly job: number;
  readonly ifFailed: DependencyPolicy;
}

/** A job of a flow. */
export interface NodeDraft {
  readonly queue: number;
  /** Earlier nodes; by how far they are before this one. */
  readonly after: readonly Wait[];
  readonly ifFailed: "fail" | "continue";
  readonly attempts: number;
  /** Milliseconds. */
  readonly ttl: number | null;
  /** Milliseconds. */
  readonly delay: number;
  /** Has it a supersede key? */
  readonly replaceable: boolean;
  /** Is it removed as soon as it has ended? */
  readonly shortLived: boolean;
}

/** The commands on a job. */
export type FlowCommand = "cancel" | "remove" | "retry" | "promote" | "release";

/** An event. */
export type FlowEvent = {
  /** Over which connection. */
  readonly connection: number;
  /** How the delivery of the messages fails, on engines that deliver them after the command. */
  readonly breakage: Breakage | null;
} & (
  | { readonly kind: "nothing" }
  | { readonly kind: "work"; readonly session: number; readonly max: number }
  | { readonly kind: "settle"; readonly lease: number; readonly outcome: Outcome }
  /** All sessions settle and sweep at once. */
  | { readonly kind: "together"; readonly outcome: Outcome }
  /** A run spawns jobs and waits for them; its worker may die `before` one of those commands. */
  | {
      readonly kind: "spawn";
      readonly lease: number;
      readonly children: readonly NodeDraft[];
      readonly before: "enqueue" | "report" | "wait" | null;
    }
  | { readonly kind: "die"; readonly session: number }
  | { readonly kind: "leave"; readonly session: number }
  | { readonly kind: "control"; readonly command: FlowCommand; readonly job: number }
  | { readonly kind: "onFlow"; readonly command: "cancel" | "remove" }
  /** A retry of a flow, level by level; its client may die after some of them. */
  | { readonly kind: "retryFlow"; readonly levels: number }
  | { readonly kind: "replace"; readonly job: number }
  | { readonly kind: "replaceFlow" }
  /** A job joins the flow while it runs. */
  | { readonly kind: "join"; readonly node: NodeDraft }
  /** A job waits for jobs of the flow, or the flow, without belonging to it. */
  | { readonly kind: "follow"; readonly node: NodeDraft }
  /** The same command is sent again: its answer was lost. */
  | { readonly kind: "again" }
  | { readonly kind: "advance"; readonly ms: number }
  | { readonly kind: "sweep"; readonly queues: readonly string[] }
);

/** A flow, its creation and its events. */
export interface FlowCase {
  readonly nodes: readonly NodeDraft[];
  /** How many jobs its creator enqueues in one command. */
  readonly batch: number;
  /** Its creator dies before this command of the creation; `null`: it lives. */
  readonly diesBefore: number | null;
  /** Are there events between the commands of the creation? */
  readonly slowly: boolean;
  /** How the delivery fails after each command of the creation. */
  readonly breakages: readonly (Breakage | null)[];
  readonly events: readonly FlowEvent[];
}

const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true });

const rarely = <T>(usual: T, ...others: readonly fc.Arbitrary<T>[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6 * others.length, arbitrary: fc.constant(usual) }, ...others);

const some = fc.nat({ max: 20 });
const wait = record<Wait>({ job: some, ifFailed: fc.constantFrom(...POLICIES) });
const node = record<NodeDraft>({
  queue: fc.nat({ max: QUEUES.length - 1 }),
  after: fc.array(wait, { maxLength: 4 }),
  ifFailed: fc.constantFrom("fail", "continue"),
  attempts: fc.integer({ min: 1, max: 3 }),
  ttl: rarely<number | null>(null, fc.constantFrom(500, 5_000)),
  delay: rarely(0, fc.constantFrom(1_000, 40_000)),
  replaceable: rarely(false, fc.constant(true)),
  shortLived: rarely(false, fc.constant(true)),
});
const nodes = (minLength: number, maxLength: number): fc.Arbitrary<NodeDraft[]> =>
  fc.array(node, { minLength, maxLength });

const error = plainFailure("Error", "boom", "E_BOOM");
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Outcome>({ kind: "complete", result: '"done"' }) },
  { weight: 1, arbitrary: fc.constant<Outcome>({ kind: "partial", result: null }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(null, null, 0, 1_000).map((retryIn): Outcome => ({ kind: "fail", error, retryIn })),
  },
  { weight: 1, arbitrary: fc.constantFrom(0, 1_000).map((delay): Outcome => ({ kind: "snooze", delay })) },
  { weight: 1, arbitrary: fc.constantFrom<Outcome>({ kind: "return" }, { kind: "wait" }) },
);

const breakage: fc.Arbitrary<Breakage | null> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(null) },
  { weight: 2, arbitrary: fc.constant<Breakage>({ kind: "twice" }) },
  {
    weight: 2,
    arbitrary: record<Extract<Breakage, { kind: "dies" }>>({
      kind: fc.constant("dies"),
      at: fc.nat({ max: 6 }),
      after: fc.constantFrom("nothing", "half", "all"),
      lost: rarely(false, fc.constant(true)),
    }),
  },
);

type Of<K extends FlowEvent["kind"]> = Omit<Extract<FlowEvent, { kind: K }>, "connection" | "breakage" | "kind">;
const event = <K extends FlowEvent["kind"]>(kind: K, rest: fc.Arbitrary<Of<K>>): fc.Arbitrary<FlowEvent> =>
  fc
    .tuple(fc.nat({ max: 1 }), breakage, rest)
    .map(([connection, broken, more]) => ({ kind, connection, breakage: broken, ...more }) as unknown as FlowEvent);
const none = fc.constant({});

/** One event. Shrinks to none. */
const anyEvent: fc.Arbitrary<FlowEvent> = fc.oneof(
  { withCrossShrink: true },
  { weight: 1, arbitrary: event("nothing", none) },
  { weight: 22, arbitrary: event("work", record({ session: some, max: fc.constantFrom(1, 1, 3) })) },
  { weight: 22, arbitrary: event("settle", record({ lease: some, outcome })) },
  { weight: 4, arbitrary: event("together", record({ outcome })) },
  {
    weight: 6,
    arbitrary: event(
      "spawn",
      record({
        lease: some,
        children: nodes(1, 3),
        before: rarely<"enqueue" | "report" | "wait" | null>(null, fc.constantFrom("enqueue", "report", "wait")),
      }),
    ),
  },
  { weight: 4, arbitrary: event("die", record({ session: some })) },
  { weight: 1, arbitrary: event("leave", record({ session: some })) },
  {
    weight: 8,
    arbitrary: event(
      "control",
      record({
        command: fc.constantFrom("cancel", "cancel", "remove", "retry", "retry", "promote", "release"),
        job: some,
      }),
    ),
  },
  { weight: 2, arbitrary: event("onFlow", record({ command: fc.constantFrom("cancel", "cancel", "remove") })) },
  { weight: 5, arbitrary: event("retryFlow", record({ levels: fc.constantFrom(0, 1, 2, 100, 100, 100) })) },
  { weight: 3, arbitrary: event("replace", record({ job: some })) },
  { weight: 1, arbitrary: event("replaceFlow", none) },
  { weight: 3, arbitrary: event("join", record({ node })) },
  { weight: 3, arbitrary: event("follow", record({ node })) },
  { weight: 5, arbitrary: event("again", none) },
  {
    weight: 8,
    arbitrary: event("advance", record({ ms: fc.constantFrom(1, 500, 1_000, 1_000, 5_000, 31_000, 61_000) })),
  },
  {
    weight: 8,
    arbitrary: event(
      "sweep",
      record({ queues: fc.constantFrom(["home", "a", "b", "c"], ["home"], ["a"], ["c", "b"]) }),
    ),
  },
);

/** Flows and their events. */
export const FLOWS: Cases<FlowCase> = {
  any: record<FlowCase>({
    nodes: nodes(2, 20),
    batch: fc.constantFrom(1, 3, 100),
    diesBefore: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat({ max: 6 }) }),
    slowly: rarely(false, fc.constant(true)),
    breakages: fc.array(breakage, { minLength: 6, maxLength: 6 }),
    events: fc.array(anyEvent, { minLength: 10, maxLength: 50, size: "max" }),
  }),
  describe: ({ nodes, events, ...rest }) => [
    JSON.stringify(rest),
    ...nodes.map((one, index) => `n${index} ${JSON.stringify(one)}`),
    ...events.filter(({ kind }) => kind !== "nothing").map((one) => JSON.stringify(one)),
  ],
};
