/** Leases taken from sessions by command: kept until the session settles them, numbered so that it hears of each once. */
import type { Revocation } from "../../contract/engine.js";
import type { Sql } from "../database/sql.js";

/** A lease taken from a session. */
export interface TakenLease {
  readonly session: string;
  readonly lease: Revocation;
  /** The number of its row; `null` when the session is gone. */
  readonly number: number | null;
}

/** The leases taken from a session after a number. */
export function revokedSince(sql: Sql, session: string, number: number): { number: number; lease: Revocation }[] {
  const rows = sql.all<[number: number, queue: string, id: string, epoch: number, cause: Revocation["cause"]]>(
    "SELECT number, queue, id, epoch, cause FROM revoked WHERE session = ? AND number > ? ORDER BY number",
    session,
    number,
  );
  return rows.map(([rowNumber, queue, id, epoch, cause]) => ({
    number: rowNumber,
    lease: { queue, id, epoch, cause },
  }));
}
