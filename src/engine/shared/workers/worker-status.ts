/** What is stored of a session beside its worker: the worker's status, and the latest command to it with those before. */
import {
  Malformed,
  readList,
  readNumber,
  readObject,
  readOptional,
  readText,
  readWhole,
  readWord,
} from "../../../model/value/strict.js";
import {
  LONGEST_STATUS,
  MOST_BUSY,
  SUSPENSIONS,
  WORKER_COMMANDS,
  type BusySlot,
  type WorkerCommand,
  type WorkerCommandRecord,
  type WorkerStatus,
} from "../../contract/worker/worker-command.js";
import { hasOperation, withOperation } from "../operations.js";

const LONGEST = 1_000;

/** A status as it is stored: with as many slots as fit into its bound. */
export function encodeStatus(status: WorkerStatus): string {
  for (let slots = status.slots.slice(0, MOST_BUSY); ; slots = slots.slice(0, -1)) {
    const text = JSON.stringify({ ...status, slots });
    if (slots.length === 0 || Buffer.byteLength(text) <= LONGEST_STATUS) return text;
  }
}

/** Decodes a stored status; `null` when there is none, or it cannot be read. Never throws. */
export function decodeStatus(stored: string | null | undefined): WorkerStatus | null {
  if (stored === null || stored === undefined || stored === "") return null;
  try {
    if (stored.length > LONGEST_STATUS) throw new Malformed("status");
    const { at, clockAhead, rss, heap, cpu, loopDelay, busy, slots, suspended } = readObject(
      "status",
      JSON.parse(stored),
    );
    return {
      at: readNumber("status.at", at, 0, Number.MAX_SAFE_INTEGER),
      clockAhead: readOptional("status.clockAhead", clockAhead ?? null, (what, value) =>
        readNumber(what, value, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
      ),
      rss: readNumber("status.rss", rss, 0, Number.MAX_SAFE_INTEGER),
      heap: readNumber("status.heap", heap, 0, Number.MAX_SAFE_INTEGER),
      cpu: readOptional("status.cpu", cpu, (what, value) => readNumber(what, value, 0, Number.MAX_SAFE_INTEGER)),
      loopDelay: readNumber("status.loopDelay", loopDelay, 0, Number.MAX_SAFE_INTEGER),
      busy: readWhole("status.busy", busy, 0, Number.MAX_SAFE_INTEGER),
      slots: readList("status.slots", slots, MOST_BUSY, readSlot),
      suspended: readList("status.suspended", suspended, SUSPENSIONS.length, (what, word) =>
        readWord(what, word, SUSPENSIONS),
      ),
    };
  } catch {
    return null;
  }
}

function readSlot(what: string, value: unknown): BusySlot {
  const { queue, id, task, since } = readObject(what, value);
  return {
    queue: readText(`${what}.queue`, queue, LONGEST),
    id: readText(`${what}.id`, id, LONGEST),
    task: readText(`${what}.task`, task, LONGEST),
    since: readNumber(`${what}.since`, since, 0, Number.MAX_SAFE_INTEGER),
  };
}

/**
 * The latest command of a session as it is stored: when it was given and acknowledged (0: not yet), its name, and the last
 * commands, a line each. Mirrored by redis/scripts/queues/worker-command.lua and session.lua.
 */
export type StoredCommand = string;

const STORED = /^(\d+) (\d+) (\w+)\n([^]+)$/;

/** With one more command; the same text when it was given before. */
export function withCommand(stored: StoredCommand | null, { command, op }: WorkerCommand, now: number): StoredCommand {
  const operations = STORED.exec(stored ?? "")?.[4] ?? null;
  if (stored !== null && hasOperation(operations, op)) return stored;
  return `${now} 0 ${command}\n${withOperation(operations, op)}`;
}

/** The command `op` is acknowledged, if it is the latest and was not acknowledged before. */
export function acknowledged(stored: StoredCommand, op: string | undefined, now: number): StoredCommand {
  const record = decodeCommand(stored);
  if (record === null || record.op !== op || record.acknowledgedAt !== null) return stored;
  return stored.replace(" 0 ", ` ${now} `);
}

/** Decodes a stored command; `null` when there is none, or it cannot be read. Never throws. */
export function decodeCommand(stored: StoredCommand | null | undefined): WorkerCommandRecord | null {
  const [, at, acknowledgedAt, name, operations = ""] = STORED.exec(stored ?? "") ?? [];
  const command = WORKER_COMMANDS.find((one) => one === name);
  if (command === undefined) return null;
  const [op = ""] = operations.split("\n");
  return { command, op, at: Number(at), acknowledgedAt: Number(acknowledgedAt) === 0 ? null : Number(acknowledgedAt) };
}

/** The command that a heartbeat hands over: the latest, until it is acknowledged. */
export function commandToGive(stored: StoredCommand | null | undefined): { readonly command?: WorkerCommand } {
  const record = decodeCommand(stored);
  if (record === null || record.acknowledgedAt !== null) return {};
  return { command: { command: record.command, op: record.op } };
}
