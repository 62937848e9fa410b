/** `/`: a small page with links. */
import type { ServerApp } from "../http/env.js";

/** Adds the page. */
export function addHomeRoute(app: ServerApp): void {
  app.get("/", (c) => {
    const base = c.var.publicPath;
    return c.html(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Longshore</title>
<h1>Longshore</h1>
<p>Background jobs. The API is at <a href="${base}/api/openapi.json">${base}/api/openapi.json</a>.</p>
<ul>
<li><a href="${base}/api/jobs">Jobs</a></li>
<li><a href="${base}/api/queues">Queues</a></li>
<li><a href="${base}/api/workers">Workers</a></li>
<li><a href="${base}/api/failures">Failures</a></li>
<li><a href="${base}/api/insights">What needs attention</a></li>
</ul>
</html>
`);
  });
}
