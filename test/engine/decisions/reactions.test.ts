// The decisions about messages between jobs, each held to its table; and what the table cannot say.
import { describe, expect, test } from "vitest";
import {
  answerForMissing,
  answerToCommit,
  cancelsOf,
  messagesOf,
  reactTo,
  type Receiver,
  type Sender,
} from "../../../src/engine/shared/reactions.js";
import type { Message } from "../../../src/engine/shared/relay.js";
import { DEPENDENCY_FAILED } from "../../../src/model/job/dependency.js";
import { TERMINAL_STATES } from "../../../src/model/job/state.js";
import { DEPENDENT_CASES, END_CASES, JOIN_CASES, RECEIVERS, REMOVAL_CASES } from "./reaction-cases.js";

const to = { queue: "a", id: "receiver" };
const from = { queue: "b", id: "sender" };
const back = { to: from, from: to };

const IDLE: Receiver = {
  state: "blocked",
  flow: null,
  held: false,
  round: 4,
  dependencies: 1,
  pending: 1,
  known: null,
  awaited: false,
  awaitedOnlyBySender: false,
};

const kinds = (list: readonly { readonly kind: string }[]): string[] => list.map(({ kind }) => kind);

describe("the end of a dependency", () => {
  test.each(END_CASES)("$end, $ifFailed: a job that $job", ({ job, ifFailed, end, effects }) => {
    const receiver = { ...IDLE, ...RECEIVERS[job], known: { state: null, ifFailed } };
    const reaction = reactTo(receiver, { kind: "end", to, from, state: end, round: 4 });
    expect(kinds(reaction.effects)).toEqual(["end-dependency", ...effects]);
    expect(reaction.effects[0]).toEqual({ kind: "end-dependency", state: end });
    expect(reaction.replies).toEqual([]);
  });

  const failed = { kind: "end", to, from, state: "failed", round: 4 } as const;

  test("fails the job with a failure that names the dependency and its end", () => {
    const { effects } = reactTo({ ...IDLE, known: { state: null, ifFailed: "fail" } }, failed);
    expect(effects[1]).toMatchObject({
      failure: { code: DEPENDENCY_FAILED, message: "b/sender, which it depends on, ended as failed" },
    });
    expect(effects[2]).toEqual({ kind: "end", state: "failed" });
  });

  test("changes nothing when it is known already, or is of an earlier round", () => {
    const nothing = { effects: [], replies: [] };
    expect(reactTo({ ...IDLE, known: { state: "failed", ifFailed: "fail" } }, failed)).toEqual(nothing);
    expect(reactTo({ ...IDLE, round: 5, known: { state: null, ifFailed: "fail" } }, failed)).toEqual(nothing);
  });

  test("that the job never waited for is released", () => {
    expect(reactTo(IDLE, failed)).toEqual({ effects: [], replies: [{ kind: "unlink", ...back }] });
  });
});

describe("a dependent", () => {
  test.each(DEPENDENT_CASES)("$kind to a job that is $state", ({ kind, state, held, effects, replies }) => {
    const reaction = reactTo({ ...IDLE, state, held }, { kind, to, from, round: 7 });
    expect(kinds(reaction.effects)).toEqual(effects);
    expect(reaction.effects).toContainEqual({ kind: "add-dependent", round: 7 });
    expect(reaction.replies).toEqual(replies ? [{ kind: "end", ...back, state, round: 7 }] : []);
  });
});

describe("a member that joins", () => {
  test.each(JOIN_CASES)("$name", ({ flow, held, effects, replies }) => {
    const reaction = reactTo({ ...IDLE, ...flow }, { kind: "join", to, from, ifFailed: "continue", held });
    expect(kinds(reaction.effects)).toEqual(effects);
    expect(reaction.replies).toEqual(
      replies.map((kind) => (kind === "go" ? { kind, ...back, round: 4 } : { kind, ...back })),
    );
  });
});

describe("what is taken away", () => {
  test.each(REMOVAL_CASES)("$kind: $name", ({ kind, job, effects }) => {
    const { effects: found, replies } = reactTo({ ...IDLE, ...job }, { kind, to, from });
    expect([kinds(found), replies]).toEqual([effects, []]);
  });
});

test("a receiver that does not exist is answered for", () => {
  const messages: Message[] = [
    { kind: "link", to, from, round: 2 },
    { kind: "go", to, from, round: 3 },
    { kind: "end", to, from, state: "failed", round: 2 },
    { kind: "join", to, from, ifFailed: "fail", held: true },
    { kind: "unlink", to, from },
    { kind: "cancel", to, from },
    { kind: "drop", to, from },
  ];
  expect(messages.map(answerForMissing)).toEqual([
    [{ kind: "end", ...back, state: "removed", round: 2 }],
    [{ kind: "end", ...back, state: "removed", round: 3 }],
    [{ kind: "unlink", ...back }],
    [{ kind: "cancel", ...back }],
    [],
    [],
    [],
  ]);
});

test.each([
  ["no flow", { state: "blocked", flow: null, dependencies: 3 }, "missing"],
  ["a flow that has begun", { state: "completed", flow: "begun", dependencies: 3 }, "committed"],
  ["one that was cancelled", { state: "cancelled", flow: "open", dependencies: 3 }, "ended"],
  ["one of which members are missing", { state: "blocked", flow: "open", dependencies: 2 }, "incomplete"],
  ["one whose members are there", { state: "blocked", flow: "open", dependencies: 3 }, "begins"],
] as const)("commit of %s", (_name, flow, answer) => {
  expect(answerToCommit(flow, 3)).toBe(answer);
});

describe("the messages of a job", () => {
  const job = { queue: "a", id: "job" };
  const [one, two] = [
    { queue: "b", id: "1" },
    { queue: "b", id: "2" },
  ] as const;
  const home = { queue: "c", id: "flow" };
  const membership = { ...home, node: "n", parent: null, weight: 1, ifFailed: "continue" } as const;
  const sender = (change: Partial<Sender>): Sender => ({
    ref: job,
    state: "blocked",
    flow: null,
    held: false,
    round: 4,
    dependents: () => [{ ref: one, round: 2 }],
    dependencies: () => [
      { ...one, ifFailed: "fail", state: "completed" },
      { ...two, ifFailed: "fail", state: null },
    ],
    membership: () => null,
    isAwaitedBy: () => false,
    ...change,
  });
  const at = { from: job };
  const ends = (state: "removed" | (typeof TERMINAL_STATES)[number]) => ({
    kind: "end",
    to: one,
    ...at,
    state,
    round: 2,
  });

  test("that waits ask what it waits for, and hold back while it is held", () => {
    expect(messagesOf(sender({}))).toEqual([{ kind: "link", to: two, ...at, round: 4 }]);
    expect(messagesOf(sender({ held: true }))).toEqual([]);
  });

  test("in a flow join it first, while it is held or the flow waits for it", () => {
    const join = { kind: "join", to: home, ...at, ifFailed: "continue" };
    const member = { membership: () => membership };
    expect(messagesOf(sender({ ...member, held: true }))).toEqual([{ ...join, held: true }]);
    expect(messagesOf(sender({ ...member, isAwaitedBy: ({ id }) => id === "flow" }))).toEqual([
      { ...join, held: false },
      { kind: "link", to: two, ...at, round: 4 },
    ]);
    expect(messagesOf(sender(member))).toEqual([{ kind: "link", to: two, ...at, round: 4 }]);
  });

  test("that is a flow let its members go once it has begun", () => {
    expect(messagesOf(sender({ flow: "open" }))).toEqual([]);
    expect(messagesOf(sender({ flow: "begun" }))).toEqual([{ kind: "go", to: two, ...at, round: 4 }]);
  });

  test.each(TERMINAL_STATES)("that is %s tell its dependents, and what a flow leaves behind", (state) => {
    const early = ["cancelled", "superseded", "expired"].includes(state);
    expect(messagesOf(sender({ state }))).toEqual([ends(state)]);
    expect(messagesOf(sender({ state, flow: "begun" }))).toEqual([
      ends(state),
      ...(early ? [{ kind: "cancel", to: two, ...at }] : []),
    ]);
    expect(messagesOf(sender({ state, flow: "open" }))).toEqual([
      ends(state),
      ...(early ? [one, two].map((to) => ({ kind: "drop", to, ...at })) : []),
    ]);
  });

  test("that is removed end it for its dependents and unlink it everywhere", () => {
    expect(messagesOf(sender({ state: "removed" }))).toEqual([
      ends("removed"),
      { kind: "unlink", to: one, ...at },
      { kind: "unlink", to: two, ...at },
    ]);
  });

  test("that is a flow and goes with its queue cancel the members that have not ended", () => {
    expect(cancelsOf(job, sender({}).dependencies())).toEqual([{ kind: "cancel", to: two, ...at }]);
  });
});
