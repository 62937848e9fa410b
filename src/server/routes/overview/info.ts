/** `/api/info` and `/api/tasks`: which engine and which version answers, and which tasks there are. */
import { createRoute, z } from "@hono/zod-openapi";
import { LONGSHORE_VERSION } from "../../../model/version.js";
import type { WorkerRecord } from "../../../engine/contract/engine.js";
import { API_VERSION, type ServerApp } from "../../http/env.js";
import { answer, facts, problems } from "../../http/route.js";
import type { ServerParts } from "../../http/parts.js";
import { Name, pageQuery } from "../../schema/common.js";
import { Cursor, pageOf } from "../../schema/page.js";

const RESOURCE = "Overview";

const InfoDocument = z
  .object({
    version: z.string().openapi({ description: "The version of Longshore" }),
    api: z.string().openapi({ description: "The version of this API" }),
    engine: z.object({
      kind: z.enum(["memory", "sqlite", "redis"]),
      url: z.string().openapi({ description: "Without secrets" }),
      shared: z.boolean().openapi({ description: "Can other processes use the same jobs?" }),
      persistence: z.string(),
    }),
  })
  .openapi("Info");

const info = createRoute({
  ...facts({ action: "info.get", scope: "read", resource: RESOURCE, summary: "Which engine and version answers" }),
  method: "get",
  path: "/api/info",
  responses: { 200: answer(InfoDocument, "The engine and the versions"), ...problems() },
});

const TaskDocument = z
  .object({
    task: Name,
    label: z.string().nullable().openapi({ description: "What people call it" }),
    resultUrl: z.string().nullable().openapi({ description: "A template for where results of its jobs are shown" }),
    checked: z.boolean().openapi({ description: "Does this server know it, and so check inputs against its schema?" }),
    workers: z.number().int().openapi({ description: "Workers that have its code and are not lost" }),
    queues: z.array(z.string()).openapi({ description: "The queues of these workers" }),
    versions: z.array(z.string()).openapi({ description: "The versions that these workers say" }),
  })
  .openapi("Task");

type TaskDocument = z.infer<typeof TaskDocument>;

const tasks = createRoute({
  ...facts({
    ...{ action: "tasks.list", scope: "read", resource: RESOURCE },
    summary: "The tasks that workers or this server know, or that were described, by name",
  }),
  method: "get",
  path: "/api/tasks",
  request: { query: z.strictObject(pageQuery) },
  responses: {
    200: answer(z.object({ tasks: z.array(TaskDocument), cursor: Cursor }), "A page of tasks"),
    ...problems(),
  },
});

/** Adds the routes. */
export function addInfoRoutes(app: ServerApp, parts: ServerParts): void {
  const { longshore } = parts;

  app.openapi(info, (c) => {
    const { kind, url, shared, persistence } = longshore.info;
    return c.json({ version: LONGSHORE_VERSION, api: API_VERSION, engine: { kind, url, shared, persistence } }, 200);
  });

  app.openapi(tasks, async (c) => {
    const [descriptions, workers] = await Promise.all([longshore.tasks(), longshore.workers()]);
    const described = new Map(descriptions.map((description) => [description.name, description]));
    const working = byTask(workers.filter(({ liveness }) => liveness !== "lost"));
    const names = [...new Set([...described.keys(), ...working.keys(), ...parts.tasks.keys()])];
    const page = pageOf(names, (name) => name, c.req.valid("query"));
    const documents = page.items.map((task): TaskDocument => {
      const { label = null, resultUrl = null } = described.get(task) ?? {};
      const having = working.get(task) ?? [];
      const versions = having.flatMap((worker) =>
        worker.tasks.flatMap((one) => (one.name === task ? [one.version] : [])),
      );
      return {
        ...{ task, label, resultUrl, checked: parts.tasks.has(task), workers: having.length },
        queues: [...new Set(having.flatMap(({ queues }) => queues))].toSorted(),
        versions: [...new Set(versions.filter((version) => version !== null))].toSorted(),
      };
    });
    return c.json({ tasks: documents, cursor: page.cursor }, 200);
  });
}

function byTask(workers: readonly WorkerRecord[]): ReadonlyMap<string, WorkerRecord[]> {
  const found = new Map<string, WorkerRecord[]>();
  for (const worker of workers) {
    for (const { name } of worker.tasks) found.set(name, [...(found.get(name) ?? []), worker]);
  }
  return found;
}
