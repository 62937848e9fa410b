/** Measurements that a run left out, in few rows: those with the same reason share one, over scenarios and systems. */
import type { Report } from "./report.js";

type Group = readonly [systems: string, scenarios: string, reason: string];

/** Rows of systems, scenarios and the reason. */
export function notMeasured({ settings, skipped }: Report): Group[] {
  const all = distinct(
    [...settings.scenarios, ...skipped.map(({ scenario }) => ({ id: scenario }))].map(({ id }) => id),
  );
  const scenarios = grouped(skipped, ({ system, reason }) => [system, reason]);
  const merged = scenarios.map(({ key: [system = "", reason = ""], members }) => {
    return { system, reason, scenarios: describe(distinct(members.map(({ scenario }) => scenario)), all) };
  });
  const systems = grouped(merged, ({ scenarios, reason }) => [scenarios, reason]);
  return systems.map(({ key: [which = "", reason = ""], members }) => [
    members.map(({ system }) => system).join(", "),
    which,
    reason,
  ]);
}

/** Members by what they have in common, in the order in which they first come. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => string[]): { key: string[]; members: T[] }[] {
  const groups = new Map<string, { key: string[]; members: T[] }>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(JSON.stringify(key)) ?? { key, members: [] };
    group.members.push(item);
    groups.set(JSON.stringify(key), group);
  }
  return [...groups.values()];
}

/** More than half of the scenarios say the same as others. */
function describe(some: readonly string[], all: readonly string[]): string {
  const others = all.filter((scenario) => scenario !== "all" && !some.includes(scenario));
  if (some.includes("all") || others.length === 0) return "all";
  return others.length < some.length ? `all but ${others.join(", ")}` : some.join(", ");
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}
