/**
 * `npm run bench`: the same jobs through every system in one run on this machine, so that what counts is the ratio. Progress
 * goes to standard error, results to standard output. `--check` compares with the run that was kept.
 */
import { readArguments, USAGE, WrongArguments, type Arguments } from "./arguments.js";
import { describeFalls, fallsOf, isChecked, TOLERANCE, type Fall } from "./check.js";
import { describeMachine } from "./machine.js";
import { Measurement, type Measured } from "./measurement.js";
import { makePlan, type Plan } from "./plan.js";
import { resultsOf, type Report, type SystemSettings } from "./report.js";
import { keep, newestQuick } from "./results-folder.js";
import { scenarioNamed, SCENARIOS } from "./scenarios/index.js";
import { Stores } from "./stores.js";
import type { System } from "./system.js";
import { loadSystem, SYSTEM_NAMES } from "./systems/index.js";
import { markdownOf } from "./table.js";

const METHOD =
  "Systems take turns round by round on private servers of this machine, each in a process of its own (idle systems are " +
  "watched at the same time, each on its own server, and in the quick run while others are measured). Where speed is " +
  "measured up to four rounds show how fast a system is and warm it up before those that count. A round counts only when " +
  "every job was verified, by id and by the system's own count.";

async function main(): Promise<void> {
  const args = readArguments(process.argv.slice(2), {
    scenarios: SCENARIOS.map(({ id }) => id),
    systems: SYSTEM_NAMES,
  });
  const kept = args.check ? await newestQuick() : null;
  if (args.check && kept === null) {
    throw new Error("There is no bench/results/<date>-quick.json to compare with: run npm run bench -- --quick --save");
  }
  const report = await measure(args);
  if (kept === null) await show(report, args);
  else await compare(kept.file, kept.report, report, args);
  if (report.skipped.some(({ reason }) => reason.includes(FAILED))) process.exitCode = 1;
}

const FAILED = "failed: ";

async function measure(args: Arguments): Promise<Report> {
  const versions = new Map<string, string>();
  const missing = new Map<string, string>();
  const names = SYSTEM_NAMES.filter((name) => (args.check ? isChecked(name) : (args.systems?.includes(name) ?? true)));
  const wanted = await Promise.all(names.map(loadSystem));
  for (const system of wanted) {
    const probe = await system.probe();
    if ("missing" in probe) missing.set(system.name, probe.missing);
    else versions.set(system.name, probe.version);
  }
  const scenarios = SCENARIOS.map(({ id }) => id);
  const plan = makePlan(args, wanted, scenarios, missing);
  const stores = new Stores();
  const measurement = new Measurement(stores, args.quick, say);
  const interrupted = (): void => {
    process.exitCode = 130;
    void measurement.stop();
  };
  for (const signal of SIGNALS) process.on(signal, interrupted);
  try {
    const measured = await measurement.run(plan, scenarioNamed);
    return reportOf(args, wanted, plan, measured, versions, await stores.versions());
  } finally {
    await measurement.stop();
    await stores.stop();
    for (const signal of SIGNALS) process.off(signal, interrupted);
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function reportOf(
  { quick }: Arguments,
  wanted: readonly System[],
  plan: Plan,
  { samples, failed }: Measured,
  versions: ReadonlyMap<string, string>,
  servers: Readonly<Record<string, string>>,
): Report {
  const cells = plan.steps.flatMap(({ cells }) => cells);
  const systems = wanted.flatMap(({ name, settings }): SystemSettings[] => {
    const durability = [...new Set(cells.filter(({ system }) => system === name).map(({ durability }) => durability))];
    return durability.length === 0 ? [] : [{ name, version: versions.get(name) ?? "", settings, durability }];
  });
  const ran = plan.steps.map(({ scenario }) => scenarioNamed(scenario));
  return {
    machine: describeMachine(servers),
    settings: {
      date: new Date().toISOString().slice(0, 10),
      quick,
      method: METHOD,
      systems,
      scenarios: ran.map(({ id, what, measures }) => ({ id, what, measures: measures.map(({ name }) => name) })),
    },
    results: resultsOf(samples),
    skipped: [...plan.skipped, ...failed.map((skip) => ({ ...skip, reason: `${FAILED}${skip.reason}` }))],
  };
}

async function show(report: Report, { quick, save, json, scenarios, systems }: Arguments): Promise<void> {
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : markdownOf(report));
  if (save || (!quick && scenarios === null && systems === null)) say(`Kept as ${await keep(report)}.json and .md`);
}

/** Measures a ratio that fell once more: only one that falls twice is reported. */
async function compare(file: string, kept: Report, now: Report, args: Arguments): Promise<void> {
  let falls = fallsOf(kept.results, now.results);
  if (falls.length > 0) {
    const fallen = scenariosOf(falls);
    say(`Worse than in ${file}, so measured once more: ${fallen.join(", ")}`);
    const again = await measure({ ...args, scenarios: fallen });
    const still = new Set(fallsOf(kept.results, again.results).map(keyOf));
    falls = falls.filter((fall) => still.has(keyOf(fall)));
  }
  if (falls.length === 0) {
    say(`No ratio to bullmq is more than ${TOLERANCE * 100} % worse than in ${file}.`);
    return;
  }
  process.stdout.write(`More than ${TOLERANCE * 100} % worse than in ${file}:\n\n${describeFalls(falls)}\n`);
  process.exitCode = 1;
}

function scenariosOf(falls: readonly Fall[]): string[] {
  const measures = new Set(falls.map(({ scenario }) => scenario));
  return SCENARIOS.filter((scenario) => scenario.measures.some(({ name }) => measures.has(name))).map(({ id }) => id);
}

function keyOf({ system, scenario, durability }: Fall): string {
  return `${system} ${scenario} ${durability}`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

try {
  await main();
} catch (error) {
  if (process.exitCode !== 130) {
    say(error instanceof Error ? error.message : String(error));
    if (error instanceof WrongArguments) say(USAGE);
    process.exitCode = error instanceof WrongArguments ? 2 : 1;
  }
}
