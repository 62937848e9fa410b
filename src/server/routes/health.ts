/**
 * `/healthz`: the process answers. `/readyz`: the engine answers, too. Neither needs a token, looks at the Host header, or says more
 * than that.
 */
import type { ServerApp } from "../http/env.js";
import type { ServerParts } from "../http/parts.js";

const HEADERS = { "content-type": "application/json", "cache-control": "no-store" };

/** Adds the two health routes. */
export function addHealthRoutes(app: ServerApp, { longshore, log }: ServerParts): void {
  app.get("/healthz", () => new Response('{"status":"ok"}', { headers: HEADERS }));
  app.get("/readyz", async () => {
    try {
      await longshore.queues();
      return new Response('{"status":"ready"}', { headers: HEADERS });
    } catch (error) {
      log("warn", "Not ready", { error: String(error) });
      return new Response('{"status":"not ready"}', { status: 503, headers: HEADERS });
    }
  });
}
