// The tables of docs/performance.md, made from the newest full run that is kept in bench/results/, so that every number there
// was measured. `node scripts/performance.mjs` writes them; with --check it exits 1 when the page has others.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { giveUp, root, say } from "./setup.mjs";

/**
 * @typedef {{ system: string, scenario: string, durability: string, median: number, min: number, max: number,
 *   unit: string, ratioToBullmq: number | null, ratioToCeiling: number | null }} Result
 */

const page = join(root, "docs/performance.md");
const folder = join(root, "bench/results");
const newest = readdirSync(folder)
  .filter((name) => /^\d{4}-\d{2}-\d{2}\.json$/.test(name))
  .toSorted()
  .at(-1);
if (newest === undefined) giveUp("bench/results/ has no full run: npm run bench");
const { machine, results } = JSON.parse(readFileSync(join(folder, newest), "utf8"));

const OURS = ["longshore-redis", "longshore-sqlite", "longshore-sqlite-full"];

/** @type {Record<string, () => string[]>} */
const blocks = {
  machine: () => [
    `Measured on ${machine.cpu}, ${machine.cpus} CPUs, ${machine.memoryGb} GB; ${machine.os}; Node ${machine.node}; Redis ` +
      `${machine.redis}; PostgreSQL ${machine.postgres}. All figures: [${newest}](../bench/results/${newest.replace(".json", ".md")}).`,
  ],
  systems: () => {
    const names = [...new Set(of("run-100").map(({ system, durability }) => `${system}|${durability}`))];
    return table(
      ["system", "durability", "add in bulk, jobs/s", "run at concurrency 100, jobs/s", "× BullMQ, run"],
      names.map((name) => {
        const [system = "", durability = ""] = name.split("|");
        const run = find("run-100", system, durability);
        return [system, durability, speed(find("add-bulk", system, durability)), speed(run), ratio(run)];
      }),
    );
  },
  ratios: () =>
    table(
      ["scenario", "Redis, no persistence", "× BullMQ", "Redis, AOF everysec", "× BullMQ"],
      ["add-seq", "add-conc", "add-bulk", "run-1", "run-10", "run-100", "run-1k", "run-procs", "retry"].map(
        (scenario) => {
          const [none, aof] = ["none", "aof everysec"].map((durability) =>
            find(scenario, "longshore-redis", durability),
          );
          return [scenario, speed(none), ratio(none), speed(aof), ratio(aof)];
        },
      ),
    ),
  durability: () =>
    table(
      ["engine", "durability", "one by one", "100 in flight", "in bulk", "run at concurrency 100"],
      OURS.flatMap((system) =>
        [...new Set(of("add-bulk", system).map(({ durability }) => durability))].map((durability) => [
          system,
          durability,
          ...["add-seq", "add-conc", "add-bulk", "run-100"].map((scenario) =>
            speed(find(scenario, system, durability)),
          ),
        ]),
      ),
    ),
  rest: () =>
    table(
      ["measure", "longshore-redis", "longshore-sqlite", "bullmq", "unit"],
      [
        "pickup p50",
        "pickup p99",
        "pickup-procs p50",
        "pickup-procs p99",
        "memory waiting",
        "memory completed",
        "idle commands",
        "idle cpu",
        "recover beyond lease",
        "backlog run 1M/1k",
        "backlog add 1M/1k",
        "backlog worker rss 1M",
      ].map((measure) => {
        const [redis, sqlite, bullmq] = ["longshore-redis", "longshore-sqlite", "bullmq"].map(
          (system) => of(measure, system)[0],
        );
        return [measure, figure(redis), figure(sqlite), figure(bullmq), redis?.unit ?? sqlite?.unit ?? ""];
      }),
    ),
};

/**
 * @param {string} scenario
 * @param {string} [system]
 * @returns {Result[]}
 */
function of(scenario, system) {
  return results.filter(
    (/** @type {Result} */ result) =>
      result.scenario === scenario && (system === undefined || result.system === system),
  );
}

/**
 * @param {string} scenario
 * @param {string} system
 * @param {string} durability
 */
function find(scenario, system, durability) {
  return of(scenario, system).find((result) => result.durability === durability);
}

/** @param {Result | undefined} result */
function speed(result) {
  return result === undefined ? "–" : Math.round(result.median).toLocaleString("en");
}

/** @param {Result | undefined} result */
function figure(result) {
  return result === undefined ? "–" : Number(result.median.toPrecision(3)).toLocaleString("en");
}

/** @param {Result | undefined} result */
function ratio(result) {
  return result?.ratioToBullmq == null ? "–" : result.ratioToBullmq.toFixed(result.ratioToBullmq < 0.1 ? 2 : 1);
}

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
function table(head, rows) {
  const lines = [head, head.map((_, column) => (column > 0 && isNumeric(rows, column) ? "---:" : "---")), ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  return lines.map((line, row) => {
    const cells = line.map((cell, column) => {
      const width = widths[column] ?? 0;
      if (row === 1) return cell.endsWith(":") ? `${"-".repeat(width - 1)}:` : "-".repeat(width);
      return column > 0 && isNumeric(rows, column) ? cell.padStart(width) : cell.padEnd(width);
    });
    return `| ${cells.join(" | ")} |`;
  });
}

/**
 * @param {string[][]} rows
 * @param {number} column
 */
function isNumeric(rows, column) {
  return rows.every((row) => /^[\d.,–-]+$/.test(row[column] ?? ""));
}

const before = readFileSync(page, "utf8");
const after = before.replaceAll(
  /(<!-- measured: (\w+) -->\n)[\s\S]*?(<!-- \/measured -->)/g,
  (_whole, open, name, close) => {
    const block = blocks[name];
    if (block === undefined) giveUp(`docs/performance.md: there is no table called "${name}"`);
    return `${open}\n${block().join("\n")}\n\n${close}`;
  },
);
if (process.argv.includes("--check")) {
  if (after !== before) giveUp(`docs/performance.md does not show ${newest}: node scripts/performance.mjs`);
  say(`docs/performance.md shows what ${newest} measured.`);
} else {
  writeFileSync(page, after);
}
