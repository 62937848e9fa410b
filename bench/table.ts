/** A report for people: Markdown that is also readable as it stands, a section and a table a scenario. */
import { notMeasured } from "./not-measured.js";
import type { Report, Result, ScenarioSettings } from "./report.js";

export type Row = readonly string[];

interface Column {
  readonly title: string;
  readonly numeric: boolean;
  readonly cell: (result: Result) => string;
}

const NONE = "–";
const MEASURE = text("measure", ({ scenario }) => scenario);
const COLUMNS: readonly Column[] = [
  text("system", ({ system }) => system),
  text("durability", ({ durability }) => durability),
  figure("median", ({ median }) => numeral(median)),
  figure("min – max", ({ min, max }) => `${numeral(min)} – ${numeral(max)}`),
  text("unit", ({ unit }) => unit),
  figure("rounds × jobs", ({ rounds, jobs }) => (jobs > 0 ? `${rounds} × ${numeral(jobs)}` : `${rounds}`)),
];
/** Left out where nothing has one. */
const RATIOS: readonly Column[] = [
  figure("× bullmq", ({ ratioToBullmq }) => ratio(ratioToBullmq)),
  figure("× ceiling", ({ ratioToCeiling }) => ratio(ratioToCeiling)),
];

/** All of a report. */
export function markdownOf(report: Report): string {
  const { machine, settings, results, skipped } = report;
  const servers = [
    machine.redis === null ? [] : [`Redis ${machine.redis}`],
    machine.postgres === null ? [] : [`PostgreSQL ${machine.postgres}`],
  ].flat();
  const about = [
    `${machine.cpu}, ${machine.cpus} CPUs, ${machine.memoryGb} GB`,
    machine.os,
    `Node ${machine.node}`,
    ...servers,
  ];
  const lines = [
    `# Benchmark, ${settings.date}${settings.quick ? " (quick)" : ""}`,
    "",
    `${about.join("; ")}.`,
    "",
    settings.method,
    ...settings.scenarios.flatMap((scenario) => sectionOf(scenario, results)),
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
      : ["", "## Not measured", "", ...tableOf(["systems", "scenarios", "why"], notMeasured(report), [])]),
  ];
  return `${lines.join("\n")}\n`;
}

function sectionOf({ id, what, measures }: ScenarioSettings, results: readonly Result[]): string[] {
  const rows = measures.flatMap((measure) => results.filter(({ scenario }) => scenario === measure));
  if (rows.length === 0) return [];
  const columns = [
    ...(measures.length > 1 ? [MEASURE] : []),
    ...COLUMNS,
    ...RATIOS.filter(({ cell }) => rows.some((row) => cell(row) !== NONE)),
  ];
  const less = rows.every(({ better }) => better === "less") ? " Less is better." : "";
  const table = tableOf(
    columns.map(({ title }) => title),
    rows.map((row) => columns.map(({ cell }) => cell(row))),
    columns.flatMap(({ numeric }, index) => (numeric ? [index] : [])),
  );
  return ["", `## ${id}`, "", `${what}.${less}`, "", ...table];
}

function text(title: string, cell: (result: Result) => string): Column {
  return { title, numeric: false, cell };
}

function figure(title: string, cell: (result: Result) => string): Column {
  return { title, numeric: true, cell };
}

function ratio(value: number | null): string {
  return value === null ? NONE : value.toFixed(value > 0 && value < 0.1 ? 3 : 2);
}

function numeral(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: Math.abs(value) < 100 ? 2 : 0 });
}

/** A Markdown table whose columns line up. `numeric`: the columns that keep to the right. */
export function tableOf(titles: Row, rows: readonly Row[], numeric: readonly number[]): string[] {
  const cells = rows.map((row) => row.map(inCell));
  const widths = titles.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: Row): string =>
    `| ${row.map((cell, column) => (numeric.includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join(" | ")} |`;
  const rule = widths.map((width, column) =>
    numeric.includes(column) ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  return [line(titles), line(rule), ...cells.map(line)];
}

/** What a program wrote when it failed may have several lines. */
function inCell(value: string): string {
  return value.replaceAll(/\s+/g, " ").replaceAll("|", "\\|");
}
