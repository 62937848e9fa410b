/** `longshore capacity`: how many slots and workers queues need, from what was measured of them. */
import type { Command } from "commander";
import type { CapacityOptions } from "../../../client/insights/capacity.js";
import type { CapacityAdvice } from "../../../model/capacity/capacity.js";
import { parseDuration } from "../../../model/value/duration.js";
import { connected } from "../../flags/connection.js";
import type { Output } from "../../terminal/output.js";
import { paint, type Part } from "../../terminal/table.js";
import { span } from "../../terminal/time-text.js";

interface CapacityFlags {
  targetWait?: string;
  window?: string;
}

export function defineCapacity(command: Command): void {
  command
    .argument("[queues...]", "only these")
    .option("--target-wait <duration>", "how long 95 of 100 jobs may wait, at the peak too (default: 30s)")
    .option("--window <duration>", "how far back to look, 15m to 24h (default: 1h)")
    .action(async (queues: string[], _flags: unknown, command: Command) => {
      const { targetWait, window } = command.opts<CapacityFlags>();
      const options: CapacityOptions = {
        ...(queues.length === 0 ? {} : { queues }),
        ...(targetWait === undefined ? {} : { targetWait: parseDuration("--target-wait", targetWait) }),
        ...(window === undefined ? {} : { window: parseDuration("--window", window) }),
      };
      await connected(command, async ({ longshore, out }) => {
        const report = await longshore.capacity(options);
        if (out.json) out.document(report);
        else show(out, report.queues);
      });
    });
}

function show(out: Output, queues: readonly CapacityAdvice[]): void {
  if (queues.length === 0) {
    out.note("No queues yet.");
    return;
  }
  const known = queues.filter(({ arrivals }) => arrivals !== null);
  if (known.length > 0) {
    const numbers = ["RUNS/MIN", "PEAK", "RUN", "BUSY", "SLOTS", "NEEDED", "WORKERS", "NEEDED", "WAIT P95", "AT PEAK"];
    const columns = [{ title: "QUEUE" }, ...numbers.map((title) => ({ title, align: "right" as const }))];
    out.table(columns, known.map(rowOf));
    out.line();
  }
  for (const { text } of queues) out.line(text);
}

function rowOf(advice: CapacityAdvice): Part[] {
  const { queue, arrivals, runTime, utilisation, slots, slotsNeeded, workers, workersNeeded, wait, peakWait } = advice;
  const tooFew = slotsNeeded === null || slots < slotsNeeded;
  return [
    queue,
    (arrivals?.mean ?? 0).toFixed(1),
    (arrivals?.peak ?? 0).toFixed(1),
    span(Math.round(runTime ?? 0)),
    utilisation === null ? "" : `${Math.round(utilisation * 100)} %`,
    String(slots),
    paint(tooFew ? "yellow" : "green", String(slotsNeeded ?? "")),
    String(workers),
    String(workersNeeded ?? ""),
    waitText(wait?.p95),
    waitText(peakWait?.p95),
  ];
}

function waitText(wait: number | null | undefined): Part {
  if (wait === undefined) return "";
  return wait === null ? paint("red", "no end") : span(Math.round(wait));
}
