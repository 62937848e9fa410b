/** `longshore doctor`: looks at all that keeps jobs from running or may lose them, and says of each how it is and what to do. */
import type { Command } from "commander";
import type { TokenInfo } from "../../../client/access/tokens.js";
import type { Longshore } from "../../../client/longshore.js";
import { LongshoreError } from "../../../model/errors/errors.js";
import { countOf } from "../../../model/insight/insight.js";
import { checked, type Check, type CheckStatus } from "../../doctor/check.js";
import { environmentChecks, serverChecks } from "../../doctor/environment-checks.js";
import { fleetChecks } from "../../doctor/fleet-checks.js";
import { storeChecks } from "../../doctor/store-checks.js";
import { connected, sourceOf, type GlobalFlags } from "../../flags/connection.js";
import { ExitCode, messageOf, UsageError } from "../../terminal/exit.js";
import { Output } from "../../terminal/output.js";
import { paint } from "../../terminal/table.js";

interface DoctorFlags {
  server?: string;
  strict?: boolean;
}

/** The codes of errors of an engine that cannot be used, or of a file that is not there. */
const UNUSABLE = new Set(["ENGINE_UNAVAILABLE", "ENGINE_REFUSED", "NOT_FOUND"]);

const MARKS: Readonly<Record<CheckStatus, readonly ["green" | "yellow" | "red" | "dim", string]>> = {
  ok: ["green", "ok"],
  warning: ["yellow", "warning"],
  error: ["red", "error"],
  unknown: ["dim", "unknown"],
};

export function defineDoctor(command: Command): void {
  command
    .option("--server <url>", "a server whose health routes and dashboard are looked at too")
    .option("--strict", "warnings are errors")
    .addHelpText(
      "after",
      "\nExits with 1 when anything is an error. What cannot be seen from here is said to be unknown.",
    )
    .action(async (_flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags & DoctorFlags>();
      if (flags.server !== undefined && !/^https?:\/\//.test(flags.server)) {
        throw new UsageError(`--server ${flags.server}: a URL such as http://localhost:9181`);
      }
      const { found, tokens } = await askEngine(command, flags);
      const checks = [
        ...found,
        ...environmentChecks(process.env, tokens, Date.now()),
        ...(await serverChecks(flags.server)),
      ];
      const out = new Output(flags.json ?? false);
      const bad = checks.filter(({ status }) => status === "error" || (flags.strict === true && status === "warning"));
      if (out.json) out.document({ ok: bad.length === 0, checks });
      else show(out, checks, bad.length);
      if (bad.length > 0) process.exitCode = ExitCode.failed;
    });
}

/** What the engine says. */
interface Answered {
  readonly found: readonly Check[];
  /** The tokens that are stored; `null`: they could not be read. */
  readonly tokens: readonly TokenInfo[] | null;
}

/** All that needs the engine. One that cannot be used is an error like others, so that the rest is looked at, too. */
async function askEngine(command: Command, flags: GlobalFlags): Promise<Answered> {
  let answered: Answered = { found: [], tokens: null };
  try {
    await connected(command, async ({ longshore }) => {
      answered = await lookAt(longshore);
    });
    return answered;
  } catch (error) {
    if (!(error instanceof LongshoreError) || !UNUSABLE.has(error.code)) throw error;
    const advice = error.code !== "ENGINE_REFUSED" ? `is ${sourceOf(flags, process.env)} right?` : null;
    return { found: [checked("engine", "error", messageOf(error), advice)], tokens: null };
  }
}

async function lookAt(longshore: Longshore): Promise<Answered> {
  const [store, workers, queues, insights, tokens] = await Promise.all([
    longshore.store(),
    longshore.workers(),
    longshore.queues(),
    longshore.insights(),
    longshore.tokens.list(),
  ]);
  const found = [
    checked("engine", "ok", longshore.info.url),
    ...storeChecks(store, Date.now()),
    ...fleetChecks(workers, queues, insights),
  ];
  return { found, tokens };
}

function show(out: Output, checks: readonly Check[], bad: number): void {
  for (const { name, status, text, advice } of checks) {
    const [style, mark] = MARKS[status];
    out.line(paint(style, mark.padEnd(8)), paint("bold", name.padEnd(16)), ` ${text}`);
    if (advice !== null && status !== "ok") out.line(" ".repeat(25), paint("dim", advice));
  }
  out.line();
  const count = (status: CheckStatus): number => checks.filter((check) => check.status === status).length;
  const rest = `${count("ok")} ok, ${countOf(count("warning"), "warning")}, ${countOf(count("error"), "error")}, ${count("unknown")} cannot be seen from here`;
  out.line(bad === 0 ? paint("green", "Well: ") : paint("red", "Not well: "), rest);
}
