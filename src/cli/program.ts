/** The command line as a whole: what holds for every command, and the list of commands. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addBulkCommand } from "./commands/jobs/bulk.js";
import { addCapacityCommand } from "./commands/check/capacity.js";
import { addDoctorCommand } from "./commands/check/doctor.js";
import { addInsightsCommand } from "./commands/check/insights.js";
import { addSmokeCommand } from "./commands/check/smoke.js";
import { addEnqueueCommand } from "./commands/jobs/enqueue.js";
import { addFailedCommand } from "./commands/jobs/failed.js";
import { addFlowCommand } from "./commands/jobs/flow.js";
import { addInitCommand } from "./commands/init.js";
import { addInfoCommand } from "./commands/info.js";
import { addJobCommand } from "./commands/jobs/job.js";
import { addJobsCommand } from "./commands/jobs/jobs.js";
import { addDashboardCommand } from "./commands/run/dashboard.js";
import { addControlCommands } from "./commands/control.js";
import { addPingCommand } from "./commands/check/ping.js";
import { addPoolCommand } from "./commands/run/pool.js";
import { addQueueCommands } from "./commands/queue.js";
import { addSearchCommand } from "./commands/jobs/search.js";
import { addSchedulesCommand } from "./commands/schedules.js";
import { addWhyCommand } from "./commands/jobs/why.js";
import { addStatsCommand } from "./commands/stats.js";
import { addTokenCommand } from "./commands/token.js";
import { addUpCommand } from "./commands/run/up.js";
import { addWorkerCommand } from "./commands/run/worker.js";
import { addWorkersCommand } from "./commands/workers.js";
import { EXIT_CODES_HELP } from "./terminal/exit.js";

const ENVIRONMENT_HELP = `Environment:
  LONGSHORE_URL          the engine, when --url is not given; else REDIS_URL, else REDIS_HOST and REDIS_PORT
  LONGSHORE_TOKEN        a token that may do everything, for the servers of up and dashboard
  LONGSHORE_APP_VERSION  the version of your application, LONGSHORE_ENVIRONMENT where it runs: shown of workers and runs
  LONGSHORE_DEBUG=1      show each command of the engine, and the stack of errors
  NO_COLOR=1             no colours

Durations are written 500ms, 30s, 5m, 2h or 7d.`;

/** The program with all its commands. Errors of usage are thrown as `CommanderError`. */
export function createProgram(): Command {
  const program = new Command("longshore")
    .description("Runs background jobs, and shows and commands them.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .option("--url <url>", "the engine: sqlite:FILE, redis://HOST:PORT/DB or rediss://…")
    .option("--prefix <prefix>", "what every key starts with (Redis; default: longshore)")
    .option("--json", "print JSON for scripts")
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .addHelpText("after", `\n${ENVIRONMENT_HELP}\n\n${EXIT_CODES_HELP}`);
  addUpCommand(program);
  addWorkerCommand(program);
  addPoolCommand(program);
  addDashboardCommand(program);
  addWorkersCommand(program);
  addEnqueueCommand(program);
  addInfoCommand(program);
  addStatsCommand(program);
  addJobsCommand(program);
  addJobCommand(program);
  addSearchCommand(program);
  addWhyCommand(program);
  addFlowCommand(program);
  addControlCommands(program);
  addBulkCommand(program);
  addFailedCommand(program);
  addQueueCommands(program);
  addSchedulesCommand(program);
  addTokenCommand(program);
  addPingCommand(program);
  addInitCommand(program);
  addDoctorCommand(program);
  addInsightsCommand(program);
  addCapacityCommand(program);
  addSmokeCommand(program);
  return program;
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const manifest = JSON.parse(text) as { version: string };
  return manifest.version;
}
