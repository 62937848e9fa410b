/** `longshore workers`: listed, one in full, and commanded to be quiet, to take work again, to stop. */
import type { Command } from "commander";
import type { Longshore } from "../../client/longshore.js";
import { WORKER_COMMANDS, type WorkerCommandName, type WorkerRecord } from "../../engine/contract/engine.js";
import { pause, systemClock } from "../../model/value/clock.js";
import { connected } from "../flags/connection.js";
import { NotFound } from "../terminal/exit.js";
import { printWorker, printWorkers } from "../views/worker-view.js";

/** For how long (milliseconds) a command waits for workers to acknowledge it, and how often it looks. */
const PATIENCE = 5_000;
const LOOK_EVERY = 100;

const COMMANDS: Readonly<Record<WorkerCommandName, { readonly description: string; readonly done: string }>> = {
  quiet: { description: "let workers take no more jobs; running ones go on", done: "is quiet" },
  resume: { description: "let quiet workers take jobs again", done: "takes jobs again" },
  stop: { description: "stop workers once their running jobs have ended; a pool replaces them", done: "is stopping" },
};

/** A session that was commanded. */
interface Commanded {
  readonly name: string;
  readonly session: string;
  readonly acknowledged: boolean;
}

export function defineWorkers(workers: Command): void {
  workers
    .command("list", { isDefault: true })
    .description("list workers; those named in full, with the jobs in their slots and their tasks")
    .argument("[names...]", "names or sessions")
    .action(async (names: string[], _flags: unknown, command: Command) => list(command, names));
  for (const name of WORKER_COMMANDS) {
    workers
      .command(name)
      .description(COMMANDS[name].description)
      .argument("<names...>", "names or sessions; all workers of a name are meant")
      .action(async (names: string[], _flags: unknown, command: Command) => commandAll(command, name, names));
  }
}

async function list(command: Command, names: readonly string[]): Promise<void> {
  await connected(command, async ({ longshore, out }) => {
    const all = await longshore.workers();
    checkNames(all, names);
    const found = names.length === 0 ? all : all.filter((worker) => names.some((name) => isNamed(worker, name)));
    if (out.json) out.document(found);
    else if (names.length === 0) printWorkers(out, found, Date.now());
    else for (const worker of found) printWorker(out, worker, Date.now());
  });
}

/** @throws NotFound for a name that none of these workers has */
function checkNames(workers: readonly WorkerRecord[], names: readonly string[]): void {
  for (const name of names) {
    if (!workers.some((worker) => isNamed(worker, name))) throw new NotFound(`no worker ${name}`);
  }
}

function isNamed({ name, session }: WorkerRecord, wanted: string): boolean {
  return name === wanted || session === wanted;
}

async function commandAll(command: Command, name: WorkerCommandName, workers: readonly string[]): Promise<void> {
  await connected(command, async ({ longshore, out }) => {
    // None is commanded when one of them is mistyped.
    checkNames(
      (await longshore.workers()).filter(({ liveness }) => liveness !== "lost"),
      workers,
    );
    const commanded: Commanded[] = [];
    for (const worker of workers) {
      const sessions = await longshore.worker(worker)[name]();
      commanded.push(...(await acknowledgements(longshore, worker, sessions)));
    }
    if (out.json) out.document(commanded);
    for (const { name: worker, session, acknowledged } of out.json ? [] : commanded) {
      const said = acknowledged ? COMMANDS[name].done : "has not acknowledged it yet; it will with its next heartbeat";
      out.line(`${worker} (${session}) ${said}`);
    }
  });
}

/** Waits until all of them have acknowledged their command, or are gone. */
async function acknowledgements(
  longshore: Longshore,
  worker: string,
  sessions: readonly string[],
): Promise<Commanded[]> {
  const until = systemClock.monotonic() + PATIENCE;
  for (;;) {
    const left = new Map((await longshore.workers()).map((record) => [record.session, record]));
    const commanded = sessions.map((session) => {
      const record = left.get(session);
      const acknowledged = record === undefined || record.command?.acknowledgedAt !== null;
      return { name: record?.name ?? worker, session, acknowledged };
    });
    if (commanded.every(({ acknowledged }) => acknowledged) || systemClock.monotonic() > until) return commanded;
    await pause(systemClock, LOOK_EVERY);
  }
}
