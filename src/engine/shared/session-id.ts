/**
 * Session ids: `<worker name>/<unique part>`. A session is one registration of a worker with an engine; the name in its id
 * lets the history of an attempt show which worker ran it long after the session has ended.
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
