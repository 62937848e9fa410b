/**
 * Writes the audit log: each request that changes something, or was refused to someone known, with what it named and how it was
 * answered; never what it carried. A log that cannot be written is reported, and keeps no request from its answer.
 */
import type { Longshore } from "../../client/longshore.js";
import type { Guard } from "../http/env.js";
import type { ServerLog } from "../http/parts.js";
import { problemOf } from "../http/problem.js";
import { addressOf } from "./client.js";
import { CreationLog } from "./creation-log.js";
import { isMutation } from "./origins.js";

const MOST_IDS = 20;
const LONGEST = 200;

/** Writes the audit log. */
export function auditGuard(longshore: Longshore, log: ServerLog, trustProxy: boolean): Guard {
  const created = new CreationLog(longshore.audit);
  return async (c, next) => {
    await next();
    const { action, access, resource, scope, touched, isLook = false } = c.var;
    // A client that is not known writes nothing down here, so that it cannot be flooded from outside.
    if (!isMutation(c.req.method) || action === undefined || access.subject === "") return;
    const problem = c.error === undefined ? null : problemOf(c.error);
    if (isLook && problem === null) return;
    const entry = {
      subject: access.subject,
      tag: access.tag,
      action,
      queue: bounded(resource.queue),
      id: bounded(resource.id),
      ids: (touched?.ids ?? []).slice(0, MOST_IDS),
      count: touched?.count ?? null,
      status: c.res.status,
      code: problem?.code ?? null,
      address: addressOf(c, trustProxy),
    };
    try {
      await (scope === "enqueue" ? created.add(entry) : longshore.audit.append("commands", entry));
    } catch (error) {
      const { subject, status } = entry;
      log("error", "The audit log cannot be written", { action, subject, status, error: String(error) });
    }
  };
}

function bounded(text: string | undefined): string | null {
  return text === undefined ? null : text.slice(0, LONGEST);
}
