/** `longshore insights`: what needs attention, the worst first, and what to do about it. */
import type { Command } from "commander";
import type { Insight, InsightSeverity } from "../../../model/insight/insight.js";
import { connected } from "../../flags/connection.js";
import type { Output } from "../../terminal/output.js";
import { paint } from "../../terminal/table.js";
import { relative } from "../../terminal/time-text.js";

const STYLES: Readonly<Record<InsightSeverity, "red" | "yellow" | "dim">> = {
  error: "red",
  warning: "yellow",
  info: "dim",
};

export function defineInsights(command: Command): void {
  command.action(async (_flags: unknown, command: Command) => {
    await connected(command, async ({ longshore, out }) => {
      const insights = await longshore.insights();
      if (out.json) out.document(insights);
      else show(out, insights, Date.now());
    });
  });
}

function show(out: Output, insights: readonly Insight[], now: number): void {
  if (insights.length === 0) {
    out.line(paint("green", "Nothing needs attention."));
    return;
  }
  for (const { severity, code, text, since, advice } of insights) {
    const when = since === null ? "" : `  since ${relative(since, now)}`;
    out.line(paint(STYLES[severity], severity.padEnd(8)), paint("bold", code), `  ${text}`, paint("dim", when));
    out.line(" ".repeat(8), paint("dim", advice));
  }
}
