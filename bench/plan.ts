/**
 * Which scenario is run on which system with which durability, and why the others are not. The quick run keeps the
 * measurements that have targets and leaves out those that do not fit in three minutes.
 */
import type { StoreKind, System } from "./system.js";

export interface Wishes {
  readonly quick: boolean;
  /** Only these; `null`: all. */
  readonly scenarios: readonly string[] | null;
  readonly systems: readonly string[] | null;
}

/** One system with one durability, in one scenario. */
export interface Cell {
  readonly system: string;
  readonly store: StoreKind;
  readonly durability: string;
}

/** The cells of a scenario. */
export interface Step {
  readonly scenario: string;
  /** Are all systems measured at a time, rather than in turn? */
  readonly together: boolean;
  readonly cells: readonly Cell[];
}

export interface Skip {
  readonly system: string;
  /** A scenario, or "all". */
  readonly scenario: string;
  readonly reason: string;
}

export interface Plan {
  readonly steps: readonly Step[];
  readonly skipped: readonly Skip[];
}

export type PlannedSystem = Pick<System, "name" | "store" | "cannot">;

export const PEER = "bullmq";
/** What a system of this store is compared with besides the peer. */
export const CEILINGS: Readonly<Partial<Record<StoreKind, string>>> = {
  redis: "ceiling-redis",
  sqlite: "ceiling-sqlite",
};
/** The durability whose peer is compared with systems that are not on Redis. */
export const UNSAVED = "none";
export const AOF = "aof everysec";
export const POSTGRES_ON = "synchronous_commit on";
export const POSTGRES_OFF = "synchronous_commit off";

const ON_AOF = ["longshore-redis", PEER, "ceiling-redis"];
const CORE = ["add-bulk", "run-100"];
/** What the quick run measures of a system; every scenario of those that are not listed. */
const QUICK: Readonly<Record<string, readonly string[]>> = {
  "longshore-sqlite": [...CORE, "pickup"],
  "longshore-sqlite-full": CORE,
  "longshore-memory": CORE,
  "ceiling-sqlite": CORE,
  "bee-queue": CORE,
  "graphile-worker": CORE,
  "pg-boss": CORE,
  rq: CORE,
  sidekiq: CORE,
};
/** What takes too long for the quick run. */
const NOT_QUICK = ["backlog", "recover", "bounds", "search", "series-cost", "live", "startup"];
/** In turn these would take longer than all the others. */
const TOGETHER = ["idle"];
const ONLY_FULL = "only in the full run";
/** What asks an engine of Longshore for more than others can do. */
const OWN = ["bounds", "search", "series-cost", "live", "startup"];
const WITH_BOUNDS = ["longshore-redis", "longshore-sqlite"];
/** Filling a million jobs takes many systems minutes. */
const LONG = ["backlog"];
const FOR_LONG = ["longshore-redis", "longshore-sqlite", PEER];
/** Where it matters how durable a job is; elsewhere one durability is measured. */
const DURABLE = [
  "add-seq",
  "add-conc",
  "add-bulk",
  "run-1",
  "run-10",
  "run-100",
  "run-1k",
  "run-procs",
  "retry",
  "pickup",
];

/** @param missing why systems cannot run on this machine, by name */
export function makePlan(
  wishes: Wishes,
  systems: readonly PlannedSystem[],
  scenarios: readonly string[],
  missing: ReadonlyMap<string, string>,
): Plan {
  const wanted = systems.filter(({ name }) => wishes.systems?.includes(name) ?? true);
  const present = wanted.filter(({ name }) => !missing.has(name));
  const skipped: Skip[] = [...missing]
    .filter(([system]) => wanted.some(({ name }) => name === system))
    .map(([system, reason]) => ({ system, scenario: "all", reason }));
  const steps: Step[] = [];
  for (const scenario of scenarios.filter((id) => wishes.scenarios?.includes(id) ?? true)) {
    const cells: Cell[] = [];
    for (const system of present) {
      for (const durability of durabilitiesOf(system)) {
        const reason = reasonAgainst(wishes, system, durability, scenario);
        if (reason === null) cells.push({ system: system.name, store: system.store, durability });
        else skipped.push({ system: system.name, scenario, reason });
      }
    }
    if (cells.length > 0) steps.push({ scenario, together: TOGETHER.includes(scenario), cells });
  }
  return { steps, skipped: distinct(skipped) };
}

/** What holds with any durability is said once. */
function distinct(skipped: readonly Skip[]): Skip[] {
  return [...new Map(skipped.map((skip) => [`${skip.system} ${skip.scenario} ${skip.reason}`, skip])).values()];
}

function durabilitiesOf({ name, store }: PlannedSystem): string[] {
  switch (store) {
    case "redis":
      return ON_AOF.includes(name) ? [UNSAVED, AOF] : [UNSAVED];
    case "sqlite":
      return [name.endsWith("-full") ? "full" : "normal"];
    case "postgres":
      return [POSTGRES_OFF, POSTGRES_ON];
    case "memory":
      return [UNSAVED];
  }
}

function reasonAgainst(
  { quick, scenarios, systems }: Wishes,
  { name, cannot }: PlannedSystem,
  durability: string,
  scenario: string,
): string | null {
  const impossible = cannot[scenario];
  if (impossible !== undefined) return impossible;
  if (OWN.includes(scenario) && !WITH_BOUNDS.includes(name))
    return "it is about the engines of Longshore that other processes share";
  const unusual = durability === AOF || durability === POSTGRES_ON;
  if (unusual && !DURABLE.includes(scenario)) return `${durability}: it makes no difference here`;
  // Who names both wants just that, quickly.
  if (systems === null && LONG.includes(scenario) && !FOR_LONG.includes(name)) return "filling it takes minutes";
  if (durability === POSTGRES_ON && systems === null && !CORE.includes(scenario))
    return `${POSTGRES_ON}: only add-bulk and run-100`;
  if (!quick || (scenarios !== null && systems !== null)) return null;
  if (NOT_QUICK.includes(scenario) || QUICK[name]?.includes(scenario) === false) return ONLY_FULL;
  if (durability === AOF && !CORE.includes(scenario)) return `${AOF}: ${ONLY_FULL}`;
  if (durability === POSTGRES_ON) return `${POSTGRES_ON}: ${ONLY_FULL}`;
  return null;
}
