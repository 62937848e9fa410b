/** `longshore dashboard`: the server alone, beside workers that run elsewhere. */
import type { Command } from "commander";
import { connectedTo, sourceOf, targetOf, type GlobalFlags } from "../../flags/connection.js";
import { addServerFlags, serverAccessOf, serverAddressOf, type ServerFlags } from "../../flags/server-flags.js";
import { logFormatOf } from "../../flags/worker-flags.js";
import { preloadServer, serve } from "../../serving/serve.js";
import { noWorkers } from "../../serving/workers.js";
import { onStopSignals, STOP_OR_HANG_UP, UsageError } from "../../terminal/exit.js";
import { Log } from "../../terminal/log.js";

interface DashboardFlags extends ServerFlags {
  redisUrl?: string;
  logFormat?: string;
  quiet?: boolean;
}

export function defineDashboard(command: Command): void {
  command.option("--redis-url <url>", "the Redis to serve, as --url says it");
  addServerFlags(command)
    .option("--log-format <format>", "text or json (default: text on a terminal, else json)")
    .option("--quiet", "log warnings and errors only")
    .addHelpText(
      "after",
      "\nSIGTERM, SIGINT (Ctrl-C) and SIGHUP (its terminal is closed) stop it. It then exits with code 0.",
    )
    .action(async (_flags: unknown, command: Command) => {
      await runDashboard(command.optsWithGlobals<GlobalFlags & DashboardFlags>());
    });
}

async function runDashboard(flags: GlobalFlags & DashboardFlags): Promise<void> {
  const log = new Log(logFormatOf(flags), flags.quiet ?? false);
  const address = serverAddressOf(flags);
  const engine = { ...flags, ...urlOf(flags) };
  const target = targetOf(engine, process.env, { flag: "--redis-url or --url" });
  const source = sourceOf(engine, process.env, flags.redisUrl === undefined ? "--url" : "--redis-url");
  preloadServer();
  await connectedTo(target, { lasting: true, source }, async (longshore) => {
    const workers = noWorkers(log);
    const server = await serve(longshore, {
      ...{
        address,
        access: serverAccessOf(flags, process.env),
        tasks: [],
        ready: workers.ready,
        log,
        named: engine.url !== undefined,
      },
    });
    const disobey = onStopSignals((signal) => workers.stop({ signal }), STOP_OR_HANG_UP);
    await workers.finished;
    disobey();
    await server.close();
  });
}

function urlOf({ url, redisUrl }: GlobalFlags & DashboardFlags): { url?: string } {
  if (redisUrl === undefined) return {};
  if (url !== undefined) throw new UsageError("--url and --redis-url say the same thing: give one of them");
  if (!/^rediss?:\/\//.test(redisUrl)) throw new UsageError("--redis-url begins with redis:// or rediss://; use --url");
  return { url: redisUrl };
}
