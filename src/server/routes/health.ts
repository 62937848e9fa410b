/**
 * `/healthz`: the process answers. `/readyz`: it can do its part, too: the engine can be written to, and the workers of this connection
 * go on, and so does what the server was made to ask. Neither needs a token, looks at the Host header, or says more than that; why it is not ready the log says.
 */
import type { ServerApp } from "../http/env.js";
import type { ServerParts } from "../http/parts.js";

const HEADERS = { "content-type": "application/json", "cache-control": "no-store" };

/** What fails when the engine and the workers of this connection are well. */
const OTHERS = {
  name: "workers beside the server",
  ok: false,
  detail: "they start, stop, have died, or do not answer",
};

/** Adds the two health routes. */
export function addHealthRoutes(app: ServerApp, { longshore, log, ready: othersReady }: ServerParts): void {
  app.get("/healthz", () => new Response('{"status":"ok"}', { headers: HEADERS }));
  app.get("/readyz", async () => {
    const { ready, checks } = await longshore.ready();
    const isReady = ready && (await othersReady().catch(() => false));
    if (isReady) return new Response('{"status":"ready"}', { headers: HEADERS });
    const failed = ready ? [OTHERS] : checks.filter(({ ok }) => !ok);
    log("warn", "Not ready", { failed });
    return new Response('{"status":"not ready"}', { status: 503, headers: HEADERS });
  });
}
