/**
 * The application: guards in their order, then the routes. The two health routes stand before everything, since a load balancer has
 * no token and calls them by whatever name it likes.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { DocumentProfile } from "../client/profile/document-profile.js";
import type { AccessControl } from "./access/control.js";
import { securityHeaders } from "./access/headers.js";
import type { ServerParts } from "./http/parts.js";
import { addJobDocumentRoute } from "./compat/job-document.js";
import type { ParsedCompat } from "./compat/options.js";
import { addCompatRoutes } from "./compat/routes.js";
import type { LiveHub } from "./live/hub.js";
import { addEventRoutes } from "./routes/events.js";
import { addBulkRoutes } from "./routes/bulk.js";
import { addFailureRoutes } from "./routes/failures.js";
import { addFlowRoutes } from "./routes/flows.js";
import { tokenFrom } from "./compat/token-header.js";
import { addHealthRoutes } from "./routes/health.js";
import { addHomeRoute } from "./routes/home.js";
import { addJobCountRoutes } from "./routes/jobs/job-counts.js";
import { addJobRoute, addJobRoutes } from "./routes/jobs/jobs.js";
import { addJobCommandRoutes } from "./routes/jobs/job-commands.js";
import { addJobResultRoute } from "./routes/jobs/job-result.js";
import { addJobDetailRoutes } from "./routes/jobs/job-details.js";
import { addInfoRoutes } from "./routes/overview/info.js";
import { addInsightRoutes } from "./routes/overview/insights.js";
import { addSeriesRoutes } from "./routes/overview/series.js";
import { addTagRoutes } from "./routes/overview/tags.js";
import { addQueueRoutes } from "./routes/queues.js";
import { addScheduleRoutes } from "./routes/schedules.js";
import { addWorkerRoutes } from "./routes/workers.js";
import { boundBody } from "./http/body.js";
import { addAuditRoute } from "./routes/audit.js";
import { addSessionRoutes } from "./routes/session.js";
import { addDocumentRoute } from "./routes/openapi.js";
import { API_VERSION, type Guard, type ServerApp, type ServerEnv } from "./http/env.js";
import { problemOfIssues } from "./http/invalid.js";
import { noRoute } from "./http/no-route.js";
import { problemOf, problemResponse } from "./http/problem.js";

/** What the app has besides its own routes. */
export interface AppOptions {
  /** All event streams. */
  readonly hub: LiveHub;
  readonly compat: ParsedCompat;
  /** What `GET /api/jobs/{id}` answers in place of our own document. */
  readonly profile: DocumentProfile | null;
}

/** Makes the app. */
export function createApp(parts: ServerParts, access: AccessControl, options: AppOptions): ServerApp {
  const app = bareApp(parts);
  app.use("*", securityHeaders());
  addHealthRoutes(app, parts);
  app.use("*", withPublicPath());
  app.use("*", versionHeader());
  app.use("*", tokenFrom(options.compat.tokenHeader));
  for (const guard of access.guards) app.use("*", guard);
  app.use("*", boundBody());
  addSessionRoutes(app, access);
  addRoutes(app, parts, options);
  return app;
}

/** An app that says what is wrong, without guards and routes. */
export function bareApp(parts: ServerParts): ServerApp {
  const app: ServerApp = new OpenAPIHono<ServerEnv>({
    strict: false,
    defaultHook: (result) => {
      if (!result.success)
        throw problemOfIssues(result.error, result.target, "data" in result ? result.data : undefined);
    },
  });
  app.onError((error, c) => {
    const problem = problemOf(error);
    if (problem.status === 500) {
      parts.log("error", "A request failed", {
        method: c.req.method,
        path: c.req.path,
        error: error.stack ?? String(error),
      });
    }
    return withVersion(problemResponse(problem));
  });
  const unknown = noRoute(app);
  app.notFound(async (c) => withVersion(await unknown(c)));
  return app;
}

/** Adds the routes that stand behind the guards. */
export function addRoutes(app: ServerApp, parts: ServerParts, { compat, profile, hub }: AppOptions): void {
  addJobCountRoutes(app, parts);
  addJobRoutes(app, parts);
  if (profile === null) addJobRoute(app, parts);
  else addJobDocumentRoute(app, parts, { path: "/api/jobs/{id}", profile, action: "jobs.get", resource: "Jobs" });
  addJobResultRoute(app, parts);
  addJobDetailRoutes(app, parts);
  addJobCommandRoutes(app, parts);
  addEventRoutes(app, parts, hub);
  addBulkRoutes(app, parts);
  addQueueRoutes(app, parts);
  addWorkerRoutes(app, parts);
  addFlowRoutes(app, parts);
  addScheduleRoutes(app, parts);
  addFailureRoutes(app, parts);
  addTagRoutes(app, parts);
  addSeriesRoutes(app, parts);
  addInfoRoutes(app, parts);
  addInsightRoutes(app, parts);
  addAuditRoute(app, parts);
  addDocumentRoute(app);
  addHomeRoute(app);
  addCompatRoutes(app, parts, compat);
}

function withPublicPath(): Guard {
  return async (c, next) => {
    c.set("publicPath", c.env.publicPath ?? "");
    await next();
  };
}

function versionHeader(): Guard {
  return async (c, next) => {
    await next();
    c.res.headers.set("longshore-api-version", API_VERSION);
  };
}

function withVersion(response: Response): Response {
  response.headers.set("longshore-api-version", API_VERSION);
  return response;
}
