/**
 * Session ids: `<worker name>/<unique part>`, and `.<code>` of the worker's build if it says anything of its code (builds.ts). A
 * session is one registration of a worker with an engine; name and code in its id let the history of an attempt show which
 * worker ran it, and with which code, long after the session has ended.
 */

/** Makes a session id. `unique` must differ for every session of that worker, and has no dot. `build`: a code, or `null`. */
export function sessionId(worker: string, unique: string, build: string | null = null): string {
  return build === null ? `${worker}/${unique}` : `${worker}/${unique}.${build}`;
}

/** The name of the worker a session belongs to. */
export function workerOf(session: string): string {
  const end = session.indexOf("/");
  return end === -1 ? session : session.slice(0, end);
}

/** The code of the build of a session's worker; `null` when that said nothing of it. */
export function buildOf(session: string): string | null {
  // The name of a worker may have dots too.
  const dot = session.indexOf(".", session.indexOf("/") + 1);
  return dot === -1 || !session.includes("/") ? null : session.slice(dot + 1);
}
