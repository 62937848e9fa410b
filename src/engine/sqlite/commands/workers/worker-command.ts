/** What passes between a worker and those who watch it: its status, and the latest command to it; a row each, while the session lasts. */
import type { Params } from "../../../contract/commands.js";
import type { HeartbeatAnswer, WorkerInfo, WorkerRecord } from "../../../contract/engine.js";
import {
  acknowledged,
  commandToGive,
  decodeCommand,
  decodeStatus,
  encodeStatus,
  withCommand,
  type StoredCommand,
} from "../../../shared/workers/worker-status.js";
import type { Sql } from "../../database/sql.js";
import type { Transaction } from "../../store/transaction.js";

const PUT_STATUS = "INSERT OR REPLACE INTO statuses (session, status) VALUES (?, ?)";
const PUT_COMMAND = "INSERT OR REPLACE INTO commands (session, command) VALUES (?, ?)";

/** The latest command to the worker of a session, as it is stored. */
export function storedCommand(sql: Sql, session: string): StoredCommand | null {
  return sql.all<[StoredCommand]>("SELECT command FROM commands WHERE session = ?", session)[0]?.[0] ?? null;
}

/** The part of a heartbeat that is not about leases, of a session that lives in the first of its queues. */
export function exchangeNotes(
  { sql, now }: Transaction,
  { session, status, acknowledges }: Params<"heartbeat">,
): Pick<HeartbeatAnswer, "command"> {
  if (status !== undefined) sql.run(PUT_STATUS, session, encodeStatus(status));
  const stored = storedCommand(sql, session);
  if (stored === null) return {};
  const after = acknowledged(stored, acknowledges, now);
  if (after !== stored) sql.run(PUT_COMMAND, session, after);
  return commandToGive(after);
}

/** Gives a command to the worker of a session; returns whether there is one. */
export function commandWorker(
  { sql, now }: Transaction,
  { session, queue, ...command }: Params<"commandWorker">,
): boolean {
  const lives = `SELECT 1 FROM queues q CROSS JOIN lives l ON l.queue = q.queue
    WHERE q.name = ? AND l.session = ? AND l.deadline >= 0`;
  if (sql.all(lives, queue, session).length === 0) return false;
  sql.run(PUT_COMMAND, session, withCommand(storedCommand(sql, session), command, now));
  return true;
}

/**
 * The statuses of all sessions, and the latest commands to them. They end with the session in the first queue of its worker.
 */
export function readNotes(sql: Sql): (session: string, worker: WorkerInfo) => Pick<WorkerRecord, "status" | "command"> {
  const places = "SELECT l.session || '/' || q.name FROM lives l CROSS JOIN queues q ON q.queue = l.queue";
  const lives = new Set(sql.all<[place: string]>(places).map(([place]) => place));
  const statuses = new Map(sql.all<[session: string, status: string]>("SELECT session, status FROM statuses"));
  const commands = new Map(sql.all<[session: string, command: string]>("SELECT session, command FROM commands"));
  return (session, { queues: [first = ""] }) => {
    const isThere = lives.has(`${session}/${first}`);
    return {
      status: isThere ? decodeStatus(statuses.get(session)) : null,
      command: isThere ? decodeCommand(commands.get(session)) : null,
    };
  };
}
