/**
 * Compares a run with the one that was kept: whether Longshore lost ground against bullmq. Ratios of one run on one
 * machine are compared with ratios of another, so that a slower machine is no alarm.
 */
import { PEER } from "./plan.js";
import type { Result } from "./report.js";
import { tableOf } from "./table.js";

/** By how much a ratio may get worse. */
export const TOLERANCE = 0.25;

/** What a quick run is too short to measure well: a few of its hundred pick-ups are the tail. */
const UNSTEADY = ["idle cpu", "pickup p95", "pickup p99", "pickup-procs p95", "pickup-procs p99"];

export interface Fall {
  readonly system: string;
  readonly scenario: string;
  readonly durability: string;
  readonly kept: number;
  /** `null`: it was measured then and is not now. */
  readonly now: number | null;
}

/** Which of Longshore's ratios to bullmq got worse by more than a quarter, or are missing. */
export function fallsOf(kept: readonly Result[], now: readonly Result[]): Fall[] {
  return kept.flatMap((before) => {
    const { system, scenario, durability, ratioToBullmq } = before;
    if (!isOurs(before) || ratioToBullmq === null || UNSTEADY.includes(scenario)) return [];
    const after = now.find((r) => r.system === system && r.scenario === scenario && r.durability === durability);
    const ratio = after?.ratioToBullmq ?? null;
    const held = ratio !== null && !isWorse(before, ratioToBullmq, ratio);
    return held ? [] : [{ system, scenario, durability, kept: ratioToBullmq, now: ratio }];
  });
}

/** The systems a check needs. */
export function isChecked(name: string): boolean {
  return name.startsWith("longshore-") || name.startsWith("ceiling-") || name === PEER;
}

/** What fell, for people. */
export function describeFalls(falls: readonly Fall[]): string {
  const rows = falls.map(({ system, scenario, durability, kept, now }) => [
    system,
    scenario,
    durability,
    kept.toFixed(2),
    now === null ? "not measured" : now.toFixed(2),
  ]);
  return tableOf(["system", "scenario", "durability", "× bullmq then", "× bullmq now"], rows, [3, 4]).join("\n");
}

function isOurs({ system }: Result): boolean {
  return system.startsWith("longshore-");
}

function isWorse({ better }: Result, kept: number, now: number): boolean {
  return better === "more" ? now < kept * (1 - TOLERANCE) : now > kept * (1 + TOLERANCE);
}
