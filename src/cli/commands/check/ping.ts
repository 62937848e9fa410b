/** `longshore ping`: is the engine reachable, how fast does it answer, and what survives a crash of its machine? */
import type { Command } from "commander";
import { connected } from "../../flags/connection.js";
import { paint } from "../../terminal/table.js";

/** An id that no job has: looking it up is one round trip. */
const NO_JOB = "ping";

export function definePing(command: Command): void {
  command.action(async (_flags: unknown, command: Command) => {
    await connected(
      command,
      async ({ longshore, out }) => {
        const began = performance.now();
        await longshore.job(NO_JOB);
        const latencyMs = Math.round((performance.now() - began) * 100) / 100;
        const { kind, url, shared, persistence } = longshore.info;
        if (out.json) out.document({ ok: true, latencyMs, engine: kind, url, shared, persistence });
        else out.line(paint("green", "PONG"), `  ${latencyMs} ms  ${url}  persistence: ${persistence}`);
      },
      { alone: true },
    );
  });
}
