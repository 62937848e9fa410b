/** The routes of another system, beside the server's own; none may take the place of one of those unnoticed. */
import { InvalidInput } from "../../model/errors/errors.js";
import type { ServerApp } from "../http/env.js";
import type { ServerParts } from "../http/parts.js";
import { addCreationRoute } from "./creation.js";
import { addJobDocumentRoute } from "./job-document.js";
import { addMonitoringRoutes } from "./monitoring.js";
import type { ParsedCompat } from "./options.js";

/** Adds the routes, after all others. @throws InvalidInput for a path that has a route already */
export function addCompatRoutes(app: ServerApp, parts: ServerParts, { jobs, create, monitoring }: ParsedCompat): void {
  for (const [path, profile] of jobs) {
    checkFree(app, `compat.jobs.${path}`, "GET", path);
    const action = `compat.job${path.replaceAll("/", ".").replaceAll(/[{}]/g, "")}`;
    addJobDocumentRoute(app, parts, { path, profile, action, resource: "Compatibility" });
  }
  for (const [path, route] of create) {
    checkFree(app, `compat.create.${path}`, "POST", path);
    addCreationRoute(app, parts, path, route);
  }
  if (monitoring === null) return;
  for (const name of ["health", "queue/stats", "queue/workers", "queue/failed"]) {
    checkFree(app, "compat.monitoring.path", "GET", `${monitoring.path}/${name}`);
  }
  checkFree(app, "compat.monitoring.path", "POST", `${monitoring.path}/queue/failed`);
  addMonitoringRoutes(app, parts, monitoring);
}

/** @throws InvalidInput when the server has a route for requests to this path */
function checkFree(app: ServerApp, field: string, method: string, path: string): void {
  const taken = app.routes.find((route) => route.method === method && meet(route.path, path));
  if (taken === undefined) return;
  throw new InvalidInput(field, path, `a path of its own: there is ${method} ${taken.path} already`);
}

/** Is there a request that both paths fit? */
function meet(one: string, other: string): boolean {
  const [these, those] = [one.split("/"), other.split("/")];
  return (
    these.length === those.length &&
    these.every((segment, at) => segment === those[at] || isOpen(segment) || isOpen(those[at]))
  );
}

/** Does it stand for any segment? */
function isOpen(segment: string | undefined): boolean {
  return segment?.startsWith(":") === true || segment?.startsWith("{") === true;
}
