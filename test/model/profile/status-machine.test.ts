import { describe, expect, test } from "vitest";
import { IllegalTransition, InvalidInput, LongshoreError } from "../../../src/model/errors/errors.js";
import { statuses } from "../../../src/model/profile/status-machine.js";
import { scanStatuses } from "./profiles.js";

const order = statuses({
  initial: "PLACED",
  transitions: { PLACED: ["PAID", "VOID"], PAID: ["SENT", "VOID"], SENT: [], VOID: ["VOID"] },
});

/** Every pair of statuses between which the machine allows a transition. */
function arrows(machine: typeof scanStatuses): string[] {
  const all = machine.names.flatMap((from) => machine.names.map((to) => [from, to] as const));
  return all.filter(([from, to]) => machine.can(from, to)).map(([from, to]) => `${from} → ${to}`);
}

describe("a transition", () => {
  test("is allowed when it was declared, and no other is (S1-15)", () => {
    expect(arrows(scanStatuses)).toEqual([
      "QUEUED → RUNNING",
      "QUEUED → ERROR_VALIDATION",
      "RUNNING → RUNNING",
      "RUNNING → TEASER_READY",
      "RUNNING → ERROR_VALIDATION",
      "RUNNING → ERROR_CRAWL",
      "RUNNING → ERROR_ANALYZE",
      "TEASER_READY → RUNNING",
      "TEASER_READY → FULL_READY",
      "TEASER_READY → ERROR_ANALYZE",
      "ERROR_CRAWL → RUNNING",
      "ERROR_ANALYZE → RUNNING",
    ]);
  });

  test("passes when it is allowed", () => {
    expect(() => order.assert("PLACED", "PAID")).not.toThrow();
  });

  test("throws when it is not, and says what would have been", () => {
    expect(() => order.assert("PLACED", "SENT")).toThrow(IllegalTransition);
    expect(() => order.assert("PLACED", "SENT")).toThrow(LongshoreError);
    expect(() => order.assert("PLACED", "SENT")).toThrow(
      expect.objectContaining({
        code: "ILLEGAL_TRANSITION",
        from: "PLACED",
        to: "SENT",
        allowed: ["PAID", "VOID"],
        message: 'status: "PLACED" may not become "SENT": allowed: PAID, VOID',
      }),
    );
  });

  test("out of a final status throws, and says that nothing follows", () => {
    expect(() => order.assert("SENT", "PLACED")).toThrow('"SENT" may not become "PLACED": nothing follows it');
  });

  test("to the same status is one like any other: allowed only when declared", () => {
    expect(order.can("VOID", "VOID")).toBe(true);
    expect(order.can("PAID", "PAID")).toBe(false);
    expect(() => order.assert("SENT", "SENT")).toThrow(IllegalTransition);
  });
});

describe("a status machine", () => {
  test("knows where it starts, what there is and what may follow", () => {
    expect(order.initial).toBe("PLACED");
    expect(order.names).toEqual(["PLACED", "PAID", "SENT", "VOID"]);
    expect(order.next("PAID")).toEqual(["SENT", "VOID"]);
    expect(order.next("SENT")).toEqual([]);
  });

  test("calls a status final when no other follows it", () => {
    expect(order.names.filter((status) => order.isFinal(status))).toEqual(["SENT", "VOID"]);
  });

  test("tells its statuses from other values", () => {
    expect(["PLACED", "VOID"].every((value) => order.has(value))).toBe(true);
    expect(["placed", "", "toString", null, undefined, 1, ["PLACED"]].some((value) => order.has(value))).toBe(false);
  });

  test("refuses to judge a status that it does not know, such as one that was stored before the code changed", () => {
    const unknown = "SHIPPED" as "SENT";
    const rule = "one of PLACED, PAID, SENT, VOID";
    const asked: [() => unknown, string][] = [
      [() => order.can(unknown, "VOID"), "from"],
      [() => order.can("PLACED", unknown), "to"],
      [() => order.assert(unknown, "VOID"), "from"],
      [() => order.assert("PLACED", unknown), "to"],
      [() => order.next(unknown), "from"],
      [() => order.isFinal(unknown), "status"],
    ];
    for (const [ask, field] of asked) {
      expect(ask).toThrow(InvalidInput);
      expect(ask).toThrow(expect.objectContaining({ field, rule }));
    }
  });

  test("counts a status that is listed twice once", () => {
    const machine = statuses({ initial: "A", transitions: { A: ["B", "B"], B: [] } });
    expect(machine.next("A")).toEqual(["B"]);
  });

  test("may run in circles, and may have one status only", () => {
    const lamp = statuses({ initial: "ON", transitions: { ON: ["OFF"], OFF: ["ON"] } });
    expect(lamp.names.some((status) => lamp.isFinal(status))).toBe(false);
    expect(statuses({ initial: "ONLY", transitions: { ONLY: [] } }).isFinal("ONLY")).toBe(true);
  });

  test("does not change, whatever becomes of what it was made from", () => {
    const transitions: Record<"A" | "B", ("A" | "B")[]> = { A: ["B"], B: [] };
    const machine = statuses({ initial: "A", transitions });
    transitions.B.push("A");
    expect(machine.can("B", "A")).toBe(false);
    expect([machine, machine.names, machine.next("A")].every((part) => Object.isFrozen(part))).toBe(true);
  });

  test.each<[string, unknown, string]>([
    ["nothing", undefined, "statuses"],
    ["a misspelt option", { initial: "A", transitions: { A: [] }, final: ["A"] }, "final"],
    ["no transitions", { initial: "A" }, "transitions"],
    ["transitions in a list", { initial: "A", transitions: ["A"] }, "transitions"],
    ["no status at all", { initial: "A", transitions: {} }, "transitions"],
    ["no initial status", { transitions: { A: [] } }, "initial"],
    ["an initial status that is none", { initial: "B", transitions: { A: [] } }, "initial"],
    ["an initial status that every object inherits", { initial: "toString", transitions: { A: [] } }, "initial"],
    ["a target that is no status", { initial: "A", transitions: { A: ["B", "C"], B: [] } }, "transitions.A[1]"],
    ["a target that is no text", { initial: "A", transitions: { A: [5] } }, "transitions.A[0]"],
    ["targets that are no list", { initial: "A", transitions: { A: "B", B: [] } }, "transitions.A"],
    ["an empty name", { initial: "", transitions: { "": [] } }, "transitions"],
    ["a status nothing leads to", { initial: "A", transitions: { A: [], B: ["A"] } }, "transitions.B"],
    [
      "statuses that only lead to each other",
      { initial: "A", transitions: { A: [], B: ["C"], C: ["B"] } },
      "transitions.B",
    ],
  ])("may not be made of %s", (_title, options, field) => {
    const make = (): unknown => statuses(options as Parameters<typeof statuses>[0]);
    expect(make).toThrow(InvalidInput);
    expect(make).toThrow(expect.objectContaining({ field }));
  });
});
