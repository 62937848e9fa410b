/** The command line as a whole: what holds for every command, and the list of commands. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { COMMANDS } from "./command-list.js";
import { EXIT_CODES_HELP, UsageError } from "./terminal/exit.js";

const ENVIRONMENT_HELP = `Environment:
  LONGSHORE_URL          the engine, when --url is not given; else REDIS_URL, else REDIS_HOST and REDIS_PORT
  LONGSHORE_TOKEN        a token that may do everything, for the servers of up and dashboard; INTERNAL_SERVICE_TOKEN, too
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
    .option("--url <url>", "the engine: sqlite:FILE, redis://HOST:PORT/DB or rediss://…")
    .option("--prefix <prefix>", "what every key starts with (Redis; default: longshore)")
    .option("--json", "print JSON for scripts")
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .addHelpText("after", `\n${ENVIRONMENT_HELP}\n\n${EXIT_CODES_HELP}`);
  addCommands(program);
  return program;
}

/** Lists the commands; the one that is chosen is defined before it reads its arguments. */
function addCommands(program: Command): void {
  for (const { name, description } of COMMANDS) program.command(name).description(description);
  program
    .command("help")
    .argument("[command]")
    .description("print the help of a command")
    .action(async (name: string | undefined) => {
      if (name === undefined) program.help();
      const chosen = program.commands.find((command) => command.name() === name);
      if (chosen === undefined) throw new UsageError(`there is no command ${name}; longshore --help lists them`);
      await define(chosen);
      chosen.help();
    });
  program.hook("preSubcommand", async (_program, chosen) => define(chosen));
}

async function define(chosen: Command): Promise<void> {
  const add = await COMMANDS.find(({ name }) => name === chosen.name())?.load();
  add?.(chosen);
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const manifest = JSON.parse(text) as { version: string };
  return manifest.version;
}
