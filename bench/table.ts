/** A report for people: Markdown that is also readable as it stands. */
import type { Report, Result } from "./report.js";

type Row = readonly string[];

const TITLES: Row = ["system", "durability", "median", "min – max", "unit", "jobs", "× bullmq", "× ceiling"];
const NUMERIC = [2, 3, 5, 6, 7];

/** All of a report. */
export function markdownOf(report: Report): string {
  const { machine, settings, results, skipped } = report;
  const servers = [
    machine.redis === null ? [] : [`Redis ${machine.redis}`],
    machine.postgres === null ? [] : [`PostgreSQL ${machine.postgres}`],
  ].flat();
  const lines = [
    `# Benchmark, ${settings.date}${settings.quick ? " (quick)" : ""}`,
    "",
    `${machine.cpu}, ${machine.cpus} CPUs, ${machine.memoryGb} GB; ${machine.os}; Node ${machine.node}; ${servers.join("; ")}.`,
    "",
    settings.method,
    ...sectionsOf(results, settings.scenarios),
    "",
    "## Systems",
    "",
    ...tableOf(
      ["system", "version", "durability", "settings"],
      settings.systems.map(({ name, version, durability, settings: how }) => [
        name,
        version,
        durability.join(", "),
        how,
      ]),
      [],
    ),
    ...(skipped.length === 0
      ? []
      : ["", "## Not measured", "", ...tableOf(["system", "scenario", "why"], reasons(report), [])]),
  ];
  return `${lines.join("\n")}\n`;
}

function sectionsOf(results: readonly Result[], scenarios: Report["settings"]["scenarios"]): string[] {
  const measures = [...new Set(results.map(({ scenario }) => scenario))];
  return measures.flatMap((measure) => {
    const rows = results.filter(({ scenario }) => scenario === measure);
    const what = scenarios.find(({ id }) => id === measure)?.what;
    const less = rows[0]?.better === "less" ? "Less is better. " : "";
    const about = [what, `${less}Median of ${rows[0]?.rounds ?? 0}.`].filter((part) => part !== undefined).join(". ");
    return ["", `## ${measure}`, "", about, "", ...tableOf(TITLES, rows.map(rowOf), NUMERIC)];
  });
}

function rowOf({ system, durability, median, min, max, unit, jobs, ratioToBullmq, ratioToCeiling }: Result): Row {
  const range = `${numeral(min)} – ${numeral(max)}`;
  return [system, durability, numeral(median), range, unit, String(jobs), ratio(ratioToBullmq), ratio(ratioToCeiling)];
}

function reasons({ skipped }: Report): Row[] {
  const scenarios = new Map<string, string[]>();
  for (const { system, scenario, reason } of skipped) {
    const key = JSON.stringify([system, reason]);
    scenarios.set(key, [...(scenarios.get(key) ?? []), scenario]);
  }
  return [...scenarios].map(([key, ids]) => {
    const [system = "", reason = ""] = JSON.parse(key) as string[];
    return [system, ids.join(", "), reason];
  });
}

function ratio(value: number | null): string {
  return value === null ? "–" : value.toFixed(value < 0.1 ? 3 : 2);
}

function numeral(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 100 ? 2 : 0 });
}

/** A Markdown table whose columns line up. `numeric`: the columns that keep to the right. */
export function tableOf(titles: Row, rows: readonly Row[], numeric: readonly number[]): string[] {
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: Row): string =>
    `| ${row.map((cell, column) => (numeric.includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join(" | ")} |`;
  const rule = widths.map((width, column) =>
    numeric.includes(column) ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  return [line(titles), line(rule), ...rows.map(line)];
}
