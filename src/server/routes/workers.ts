/** `/api/workers`: who works, and the commands to them. A worker is named by its name, which several may share, or by its session. */
import { createRoute, z } from "@hono/zod-openapi";
import { WORKER_COMMANDS } from "../../engine/contract/worker/worker-command.js";
import { WorkerNotFound } from "../../model/errors/errors.js";
import type { ServerApp } from "../http/env.js";
import { answer, facts, problems } from "../http/route.js";
import type { ServerParts } from "../http/parts.js";
import { pageQuery, Text } from "../schema/common.js";
import { Cursor, pageOf } from "../schema/page.js";
import { WorkerDocument, workerDocument } from "../schema/worker.js";

const RESOURCE = "Workers";

const params = z.object({
  worker: Text.openapi({ param: { name: "worker", in: "path" }, description: "The name of a worker, or a session" }),
});

const list = createRoute({
  ...facts({
    ...{ action: "workers.list", scope: "read", resource: RESOURCE },
    summary: "The workers of all processes, by name",
    description: "Until they have stopped or, when they are gone, until their jobs are recovered.",
  }),
  method: "get",
  path: "/api/workers",
  request: { query: z.strictObject(pageQuery) },
  responses: {
    200: answer(z.object({ workers: z.array(WorkerDocument), cursor: Cursor }), "A page of workers"),
    ...problems(),
  },
});

const get = createRoute({
  ...facts({
    action: "workers.get",
    scope: "read",
    resource: RESOURCE,
    summary: "The workers of a name, or a session",
  }),
  method: "get",
  path: "/api/workers/{worker}",
  request: { params },
  responses: {
    200: answer(z.object({ workers: z.array(WorkerDocument) }), "One, or several that share the name"),
    ...problems(404),
  },
});

const Commanded = z
  .object({
    command: z.enum(WORKER_COMMANDS),
    sessions: z.array(z.string()).openapi({ description: "Who was commanded" }),
  })
  .openapi("WorkerCommanded");

const SUMMARIES = {
  quiet: "Let it take no more jobs; those that run go on",
  resume: "Let it take jobs again",
  stop: "Stop it once the jobs that run have ended",
} as const;

/** Adds the routes. */
export function addWorkerRoutes(app: ServerApp, { longshore }: ServerParts): void {
  app.openapi(list, async (c) => {
    const page = pageOf(await longshore.workers(), ({ name, session }) => `${name} ${session}`, c.req.valid("query"));
    return c.json({ workers: page.items.map(workerDocument), cursor: page.cursor }, 200);
  });

  app.openapi(get, async (c) => {
    const { worker } = c.req.valid("param");
    const found = (await longshore.workers()).filter(({ name, session }) => name === worker || session === worker);
    if (found.length === 0) throw new WorkerNotFound(worker);
    return c.json({ workers: found.map(workerDocument) }, 200);
  });

  for (const command of WORKER_COMMANDS) {
    const route = createRoute({
      ...facts({
        ...{ action: `workers.${command}`, scope: "operate", resource: RESOURCE, summary: SUMMARIES[command] },
        description: "It acknowledges within a second, as a rule: see `command` of the worker.",
      }),
      method: "post",
      path: `/api/workers/{worker}/${command}`,
      request: { params },
      responses: { 202: answer(Commanded, "The command is on its way"), ...problems(404) },
    });
    app.openapi(route, async (c) => {
      const sessions = await longshore.worker(c.req.valid("param").worker)[command]();
      c.set("touched", { ids: sessions, count: sessions.length });
      return c.json({ command, sessions }, 202);
    });
  }
}
