/** `/api/tags/{tag}`: how many jobs of a user, a project or a run there are, and how they ended. */
import { createRoute, z } from "@hono/zod-openapi";
import type { ServerApp } from "../../http/env.js";
import { Problem } from "../../http/problem.js";
import { answer, facts, linkTo, problems } from "../../http/route.js";
import type { ServerParts } from "../../http/parts.js";
import { StateCounts, Text } from "../../schema/common.js";

const TagDocument = z
  .object({
    tag: z.string(),
    total: z.number().int(),
    completed: z.number().int().openapi({ description: "Ended well: completed and partial" }),
    failed: z.number().int().openapi({ description: "Ended otherwise" }),
    inProgress: z.number().int().openapi({ description: "Not ended" }),
    states: StateCounts,
    links: z.object({ jobs: z.string() }),
  })
  .openapi("Tag");

const get = createRoute({
  ...facts({
    ...{ action: "tags.get", scope: "read", resource: "Tags", tenants: true },
    summary: "How many jobs with a tag there are",
  }),
  method: "get",
  path: "/api/tags/{tag}",
  request: { params: z.object({ tag: Text.openapi({ param: { name: "tag", in: "path" }, example: "user:42" }) }) },
  responses: { 200: answer(TagDocument, "Over all queues; 0 for a tag that no job has"), ...problems() },
});

/** Adds the route. */
export function addTagRoutes(app: ServerApp, { longshore }: ServerParts): void {
  app.openapi(get, async (c) => {
    const { tag } = c.req.valid("param");
    const own = c.var.access.tag;
    if (own !== null && own !== tag) {
      throw new Problem(403, "TENANT_TOKEN", `this token is for the jobs of tag ${own}: it may not ask for another`);
    }
    const { states, ...totals } = await longshore.tagTotals(tag);
    const links = { jobs: `${linkTo(c, "/jobs")}?tag=${encodeURIComponent(tag)}` };
    return c.json({ tag, ...totals, states: { ...states }, links }, 200);
  });
}
