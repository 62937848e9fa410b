import { describe, expect, test } from "vitest";
import {
  canMove,
  isState,
  isTerminal,
  perState,
  sources,
  STATES,
  TERMINAL_STATES,
  TRANSITIONS,
  WAITING_STATES,
  type JobState,
} from "../../../src/model/job/state.js";

/** The picture of the states, as it is drawn in the documentation: from, to, because of what. */
const PICTURE: readonly (readonly [from: string, to: string, causes: string])[] = [
  ["new", "blocked", "enqueue"],
  ["new", "delayed", "enqueue"],
  ["new", "queued", "enqueue"],
  ["blocked", "delayed", "release"],
  ["blocked", "queued", "release"],
  ["delayed", "delayed", "postpone"],
  ["delayed", "queued", "postpone promote"],
  ["queued", "delayed", "postpone"],
  ["queued", "active", "lease"],
  ["active", "completed", "complete"],
  ["active", "partial", "partial"],
  ["active", "failed", "fail recover"],
  ["active", "delayed", "backoff snooze"],
  ["active", "queued", "backoff recover return snooze wait"],
  ["active", "blocked", "wait"],
  ["blocked", "failed", "dependency flow-end"],
  ["blocked", "completed", "flow-end"],
  ["blocked", "partial", "flow-end"],
  ["blocked", "cancelled", "cancel dependency"],
  ["delayed", "cancelled", "cancel"],
  ["queued", "cancelled", "cancel"],
  ["active", "cancelled", "cancel"],
  ["blocked", "superseded", "supersede"],
  ["delayed", "superseded", "supersede"],
  ["queued", "superseded", "supersede"],
  ["active", "superseded", "supersede"],
  ["completed", "superseded", "supersede"],
  ["partial", "superseded", "supersede"],
  ["failed", "superseded", "supersede"],
  ["blocked", "expired", "expire"],
  ["delayed", "expired", "expire"],
  ["queued", "expired", "expire"],
  ["completed", "blocked", "retry"],
  ["partial", "blocked", "retry"],
  ["failed", "blocked", "retry"],
  ["cancelled", "blocked", "retry"],
  ["expired", "blocked", "retry"],
  ["completed", "queued", "retry"],
  ["partial", "queued", "retry"],
  ["failed", "queued", "retry"],
  ["cancelled", "queued", "retry"],
  ["expired", "queued", "retry"],
];

describe("the transition table", () => {
  test("is the picture of the states", () => {
    const drawn = new Map<string, string[]>();
    for (const { from, to, cause } of TRANSITIONS) {
      const arrow = `${from ?? "new"} → ${to}`;
      drawn.set(arrow, [...(drawn.get(arrow) ?? []), cause]);
    }
    const wanted = PICTURE.map(([from, to, causes]) => `${from} → ${to}: ${causes}`);
    const found = [...drawn].map(([arrow, causes]) => `${arrow}: ${causes.toSorted().join(" ")}`);
    expect(found.toSorted()).toEqual(wanted.toSorted());
  });

  test("has no row twice", () => {
    expect(new Set(TRANSITIONS.map((row) => JSON.stringify(row))).size).toBe(TRANSITIONS.length);
  });

  test("leads a new job into every state", () => {
    const reached = new Set<JobState | null>([null]);
    for (let before = 0; before < reached.size;) {
      before = reached.size;
      for (const { from, to } of TRANSITIONS) if (reached.has(from)) reached.add(to);
    }
    expect([...reached].filter((state) => state !== null).toSorted()).toEqual([...STATES].toSorted());
  });

  test("leads out of a terminal state only by hand or by a newer run", () => {
    const ways = TRANSITIONS.filter(({ from }) => from !== null && isTerminal(from)).map(({ cause }) => cause);
    expect(new Set(ways)).toEqual(new Set(["retry", "supersede"]));
  });

  test("leads out of every state that is not terminal", () => {
    for (const state of STATES) {
      const ways = TRANSITIONS.filter(({ from, to }) => from === state && to !== state);
      expect(ways.length > 0 || state === "superseded").toBe(true);
    }
  });

  test("runs a job only from the queue", () => {
    expect(TRANSITIONS.filter(({ to }) => to === "active")).toEqual([{ from: "queued", to: "active", cause: "lease" }]);
  });
});

describe("states", () => {
  test("are ten, six of them terminal and three waiting", () => {
    expect([STATES.length, TERMINAL_STATES.length, WAITING_STATES.length]).toEqual([10, 6, 3]);
    expect(STATES.filter(isTerminal)).toEqual([...TERMINAL_STATES]);
  });

  test("are known by name", () => {
    expect(STATES.every(isState)).toBe(true);
    expect(["running", "", "toString", null, 1].some(isState)).toBe(false);
  });

  test("may be asked where a command starts and whether a move is one", () => {
    expect(sources("cancel")).toEqual(["blocked", "delayed", "queued", "active"]);
    expect(canMove("queued", "active", "lease")).toBe(true);
    expect(canMove("delayed", "active", "lease")).toBe(false);
    expect(canMove(null, "active", "enqueue")).toBe(false);
  });

  test("each get a value", () => {
    expect(perState((state) => state.length)).toMatchObject({ blocked: 7, superseded: 10 });
    expect(Object.keys(perState(() => 0))).toEqual([...STATES]);
  });
});
