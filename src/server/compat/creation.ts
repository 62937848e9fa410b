/** A route that makes a job out of whatever another system's clients post to it, and answers as that system does. */
import { createRoute } from "@hono/zod-openapi";
import { LongshoreError } from "../../model/errors/errors.js";
import type { EnqueueOptions } from "../../client/enqueue/job-spec.js";
import type { AnyTask } from "../../define/task.js";
import type { ServerApp } from "../http/env.js";
import type { ServerParts } from "../http/parts.js";
import { Problem } from "../http/problem.js";
import { answer, decideOn, facts, jsonBody, problems } from "../http/route.js";
import { checkOwnJobs, ownOptions } from "../routes/jobs/tenant-jobs.js";
import { givenJson, givenObject } from "./given-schema.js";
import type { CreationRoute } from "./options.js";

/** Adds the route. */
export function addCreationRoute(app: ServerApp, parts: ServerParts, path: string, given: CreationRoute): void {
  const { task, status = 202, schemas = {} } = given;
  const name = typeof task === "string" ? task : task.name;
  const action = `compat.create${path.replaceAll("/", ".")}`;
  const accepted = answer(givenObject(schemas.answer), "Accepted");
  const route = createRoute({
    ...facts({
      ...{ action, scope: "enqueue", resource: "Compatibility", tenants: true, decides: true },
      summary: `Start ${name}`,
    }),
    method: "post",
    path,
    request: { body: jsonBody(givenJson(schemas.body), undefined, false) },
    responses: {
      ...problems(409, 413),
      ...({ [status]: accepted } as Record<200 | 201 | 202, typeof accepted>),
    },
  });
  app.openapi(route, async (c) => {
    const text = await c.req.text();
    const body: unknown = JSON.parse(text);
    const input = mapped(parts, path, body, given.input ?? ((all) => all));
    const wanted: EnqueueOptions = mapped(parts, path, body, given.options ?? (() => ({})));
    const known = typeof task === "string" ? (parts.tasks.get(task) ?? task) : task;
    const queue = wanted.queue ?? (typeof known === "string" ? null : known.queue) ?? "default";
    const access = await decideOn(c, { kind: "jobs", task: name, queue });
    c.var.admit?.(1);
    parts.payloads.look(Buffer.byteLength(text), [{ task: name, input }]);
    const options = ownOptions(access, wanted, "options");
    await checkOwnJobs(parts.longshore, [{ queue, access, options, field: "options" }]);
    const job = await parts.longshore.enqueue(known as AnyTask, input as never, options);
    // Another tenant's job may have got the id since it was looked for.
    if (job.outcome === "existing") {
      await checkOwnJobs(parts.longshore, [{ queue, access, options: { id: options.id }, field: "options" }]);
    }
    c.set("touched", { ids: [job.id], count: 1 });
    return c.json(given.answer(job), status);
  });
}

/** What a function of the application makes of a body; that it cannot is the client's mistake, as far as we can know. */
function mapped<Value>(parts: ServerParts, path: string, body: unknown, map: (body: unknown) => Value): Value {
  try {
    return map(body);
  } catch (error) {
    if (error instanceof LongshoreError) throw error;
    parts.log("warn", "A body was refused by the code of a route", { path, error: String(error) });
    throw new Problem(400, "INVALID_BODY", "the body is refused: this route cannot use it", {
      members: { field: "body", rule: "what this route takes" },
    });
  }
}
