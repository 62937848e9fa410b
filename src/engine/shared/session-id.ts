/**
 * Session ids: `<worker name>/<unique part>`. A session is one life of a worker as the engine sees it; the name inside lets
 * an attempt's history say who ran it long after the session is gone.
 */

/** Makes a session id. `unique` must differ for every session of that worker. */
export function sessionId(worker: string, unique: string): string {
  return `${worker}/${unique}`;
}

/** The name of the worker a session belongs to. */
export function workerOf(session: string): string {
  const end = session.indexOf("/");
  return end === -1 ? session : session.slice(0, end);
}
