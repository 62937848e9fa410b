/** Workers for people: a line each, or one in full with its slots and tasks. */
import type { WorkerRecord } from "../../engine/contract/engine.js";
import { formatSize } from "../../model/value/size.js";
import type { Output } from "../terminal/output.js";
import { paint, type Part } from "../terminal/table.js";
import { moment, relative, span } from "../terminal/time-text.js";

/** What a worker does, in one word where it can be: `works`, `quiet`, `stopping, maxJobs`, `lost`. */
function stateOf({ liveness, status }: WorkerRecord): Part {
  if (liveness !== "alive") return paint(liveness === "lost" ? "red" : "yellow", liveness);
  const suspended = status?.suspended ?? [];
  return suspended.length === 0 ? "works" : paint("yellow", suspended.join(", "));
}

function cpuText(cpu: number | null | undefined): string {
  return cpu === null || cpu === undefined ? "" : `${Math.round(cpu * 100)} %`;
}

/** From how far on (milliseconds) a clock that is ahead or behind is worth a line. */
const NOTEWORTHY = 1_000;

/** Prints a line for each. */
export function printWorkers(out: Output, workers: readonly WorkerRecord[], now: number): void {
  if (workers.length === 0) {
    out.line("No workers.");
    return;
  }
  out.table(
    [
      { title: "WORKER" },
      { title: "STATE" },
      { title: "BUSY", align: "right" },
      { title: "MEMORY", align: "right" },
      { title: "CPU", align: "right" },
      { title: "DELAY", align: "right" },
      { title: "APP" },
      { title: "HOST" },
      { title: "PID", align: "right" },
      { title: "LAST BEAT" },
      { title: "QUEUES" },
    ],
    workers.map((worker) => {
      const { name, status, running, concurrency, appVersion, environment, host, pid, seenAt, queues } = worker;
      return [
        name,
        stateOf(worker),
        `${status?.busy ?? running}/${concurrency}`,
        status === null ? "" : formatSize(status.rss),
        cpuText(status?.cpu),
        status === null ? "" : span(status.loopDelay),
        [appVersion, environment].filter((part) => part !== null).join(" "),
        host,
        String(pid),
        relative(seenAt, now),
        queues.join(","),
      ];
    }),
  );
}

/** Prints one in full. */
export function printWorker(out: Output, worker: WorkerRecord, now: number): void {
  const { name, session, status, command, tasks } = worker;
  out.line(paint("bold", name), "  ", stateOf(worker));
  const field = (title: string, ...parts: readonly Part[]): void => {
    out.line("  ", paint("dim", title.padEnd(11)), ...parts);
  };
  field("session", session);
  field("process", `${worker.pid} on ${worker.host}, started ${relative(worker.startedAt, now)}`);
  field("runs", `Longshore ${worker.longshore}, Node ${worker.node}`);
  if (worker.appVersion !== null) field("version", worker.appVersion);
  if (worker.environment !== null) field("in", worker.environment);
  field("queues", worker.queues.join(" "));
  field("last beat", relative(worker.seenAt, now));
  if (command !== null) {
    const { acknowledgedAt } = command;
    const answer = acknowledgedAt === null ? "not acknowledged yet" : `acknowledged ${relative(acknowledgedAt, now)}`;
    field("command", `${command.command}, ${relative(command.at, now)}, ${answer}`);
  }
  if (status !== null) {
    field("busy", `${status.busy} of ${worker.concurrency}`);
    field("memory", `${formatSize(status.rss)}, ${formatSize(status.heap)} of it JavaScript`);
    field("cpu", cpuText(status.cpu));
    field("delay", `${span(status.loopDelay)} of its event loop at most`);
    const { clockAhead } = status;
    if (clockAhead !== null && Math.abs(clockAhead) >= NOTEWORTHY) {
      field("clock", `${span(Math.abs(clockAhead))} ${clockAhead > 0 ? "ahead of" : "behind"} the engine's`);
    }
    field("said", relative(status.at, now));
    for (const slot of status.slots) {
      field("", `${slot.queue}/${slot.id}`, `  ${slot.task}  since ${moment(slot.since)}, ${span(now - slot.since)}`);
    }
  }
  out.line();
  out.table(
    [{ title: "TASK" }, { title: "VERSION" }, { title: "LABEL" }, { title: "RESULTS" }],
    tasks.map((task) => [task.name, task.version ?? "", task.label ?? "", task.resultUrl ?? ""]),
  );
}
