/** The builds of the sessions of a queue: stored when a session is opened, found by their codes when jobs are read. */
import type { WorkerInfo } from "../../contract/worker/session.js";
import { decodeBuild, encodeBuild, MOST_BUILDS, type Build } from "../../contract/worker/builds.js";
import { buildOf } from "../../contract/worker/session-id.js";
import type { Sql } from "../database/sql.js";

const PUT = `INSERT INTO builds (queue, code, opened_at, build) VALUES (?, ?, ?, ?)
  ON CONFLICT (queue, code) DO UPDATE SET opened_at = excluded.opened_at`;
const CUT = `DELETE FROM builds WHERE queue = ? AND code IN (
  SELECT code FROM builds WHERE queue = ? ORDER BY opened_at DESC, code DESC LIMIT -1 OFFSET ${MOST_BUILDS})`;

/** Remembers the build of a session that is opened in a queue, if its worker says anything of it. */
export function rememberBuild(sql: Sql, queue: number, session: string, worker: WorkerInfo, now: number): void {
  const [code, stored] = [buildOf(session), encodeBuild(worker)];
  if (code === null || stored === null) return;
  sql.run(PUT, queue, code, now, stored);
  sql.run(CUT, queue, queue);
}

const FIND = `SELECT q.name, b.code, b.build FROM json_each(?) e CROSS JOIN queues q ON q.name = e.value ->> 0
  CROSS JOIN builds b ON b.queue = q.queue AND b.code = e.value ->> 1`;

/** Looks up the build of a session in a queue, by their codes. */
export type BuildLookup = (queue: string, code: string | null) => Build | undefined;

/** The builds of these pairs of a queue and a code, read at once. */
export function findBuilds(sql: Sql, wanted: Iterable<readonly [queue: string, code: string | null]>): BuildLookup {
  const pairs = new Map<string, readonly [string, string]>();
  for (const [queue, code] of wanted) if (code !== null) pairs.set(`${queue}/${code}`, [queue, code]);
  const found = new Map<string, Build>();
  if (pairs.size > 0) {
    const rows = sql.all<[queue: string, code: string, build: string]>(FIND, JSON.stringify([...pairs.values()]));
    for (const [queue, code, build] of rows) found.set(`${queue}/${code}`, decodeBuild(build));
  }
  return (queue, code) => found.get(`${queue}/${code ?? ""}`);
}
