/**
 * From flags and environment to a connection. The client, and with it an engine, loads only here: `--help` and mistakes
 * need neither. Commands that only look never create a SQLite file, and nothing but `ping` accepts an engine that no other
 * process can see.
 */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import type { Longshore } from "../../client/longshore.js";
import { EngineUnavailable, LongshoreError } from "../../model/errors/errors.js";
import type { ParsedTarget, Target } from "../../engine/target.js";
import { parseWhole } from "./arguments.js";
import type { EngineTrace } from "../terminal/engine-trace.js";
import { isDebugging, NotFound, UsageError } from "../terminal/exit.js";
import { Output } from "../terminal/output.js";

/** The flags of every command. */
export interface GlobalFlags {
  url?: string;
  prefix?: string;
  json?: boolean;
}

/** What a command works with. */
export interface Session<Flags> {
  readonly longshore: Longshore;
  readonly out: Output;
  readonly flags: GlobalFlags & Flags;
}

/** What a command may do with the engine. */
export interface ConnectionRules {
  /** May it create a SQLite file? Default: false. */
  readonly creates?: boolean;
  /** May the engine be of this process alone? Default: false. */
  readonly alone?: boolean;
  /** Does it go on for long, so that only slow and failed commands of the engine are worth a line? Default: false. */
  readonly lasting?: boolean;
  /** What the address is from, for the error of an engine that cannot be reached. */
  readonly source?: string;
  /** What `LONGSHORE_DEBUG` is to call this process. Default: nothing. */
  readonly name?: string | undefined;
}

/** Connects as flags and environment say, runs `use`, and closes the connection. */
export async function connected<Flags extends object>(
  command: Command,
  use: (session: Session<Flags>) => Promise<void>,
  rules: ConnectionRules = {},
): Promise<void> {
  const flags = command.optsWithGlobals<GlobalFlags & Flags>();
  const target = targetOf(flags, process.env);
  await connectedTo(target, { ...rules, source: sourceOf(flags, process.env) }, (longshore) =>
    use({ longshore, flags, out: new Output(flags.json ?? false) }),
  );
}

/**
 * Connects, runs `use`, and closes the connection. With `LONGSHORE_DEBUG` the engine is observed from its opening to its
 * close.
 * @throws UsageError, NotFound, and what `connect` and `use` throw
 */
export async function connectedTo(
  target: string | Target,
  rules: ConnectionRules,
  use: (longshore: Longshore) => Promise<void>,
): Promise<void> {
  try {
    await connectedThere(await allowed(target, rules), rules, use);
  } catch (error) {
    if (!(error instanceof EngineUnavailable) || rules.source === undefined) throw error;
    throw new LongshoreError(error.code, `${error.message} The address is from ${rules.source}.`, { cause: error });
  }
}

async function connectedThere(
  parsed: ParsedTarget,
  rules: ConnectionRules,
  use: (longshore: Longshore) => Promise<void>,
): Promise<void> {
  const trace = isDebugging(process.env) ? await startTrace(rules) : null;
  try {
    const { connectThrough } = await import("../../client/connect.js");
    const longshore = await connectThrough(parsed, trace ?? {});
    try {
      await use(longshore);
    } finally {
      await longshore.close();
    }
  } finally {
    trace?.summary();
  }
}

async function allowed(target: string | Target, rules: ConnectionRules): Promise<ParsedTarget> {
  const { parseTarget } = await import("../../engine/target.js");
  const parsed = parseTarget(target);
  if (parsed.engine === "memory" && !rules.alone) {
    throw new UsageError(
      "memory: lives and dies with one process, so this command would see nothing in it; use sqlite:FILE",
    );
  }
  if (parsed.engine === "sqlite" && !rules.creates && !existsSync(parsed.path)) {
    throw new NotFound(
      `there is no SQLite file ${parsed.path}; the first enqueue or worker creates it. Is --url or LONGSHORE_URL right?`,
    );
  }
  return parsed;
}

async function startTrace({ lasting = false, name }: ConnectionRules): Promise<EngineTrace> {
  const { EngineTrace } = await import("../terminal/engine-trace.js");
  return new EngineTrace({ onlySlow: lasting, name: name ?? null });
}

/** What the address of the engine is from, for messages: of a flag or variable, never its value. */
export function sourceOf(
  { url }: GlobalFlags,
  { LONGSHORE_URL, REDIS_URL, REDIS_HOST }: NodeJS.ProcessEnv,
  flag = "--url",
): string {
  if (url !== undefined) return flag;
  const [name] = Object.entries({ LONGSHORE_URL, REDIS_URL, REDIS_HOST }).find(([, value]) => value) ?? [];
  return name ?? `the command, as no ${flag} was given`;
}

/** How an engine is found. */
interface TargetRules {
  /** Where to connect when nothing says so; without one that is a mistake. */
  readonly fallback?: string;
  /** What the flag for it is called. */
  readonly flag?: string;
}

/**
 * Where to connect: `--url`, else LONGSHORE_URL, else REDIS_URL, else REDIS_HOST with REDIS_PORT.
 * @throws UsageError
 */
export function targetOf(
  { url: given, prefix }: GlobalFlags,
  environment: NodeJS.ProcessEnv,
  { fallback, flag = "--url" }: TargetRules = {},
): string | Target {
  const { LONGSHORE_URL, REDIS_URL, REDIS_HOST, REDIS_PORT } = environment;
  const url = given ?? (LONGSHORE_URL || REDIS_URL || (REDIS_HOST ? undefined : fallback));
  if (url === undefined && !REDIS_HOST) {
    throw new UsageError(
      `no engine: give ${flag} or set LONGSHORE_URL (REDIS_URL and REDIS_HOST work too), such as sqlite:jobs.db or redis://localhost:6379/0; .env files are not read`,
    );
  }
  if (prefix !== undefined && url !== undefined && !/^rediss?:/.test(url)) {
    throw new UsageError("--prefix is about the keys of Redis; this engine has none");
  }
  const keys = prefix === undefined ? {} : { prefix };
  if (url !== undefined) return prefix === undefined ? url : { engine: "redis", url, ...keys };
  const port = REDIS_PORT ? { port: parseWhole("REDIS_PORT", REDIS_PORT) } : {};
  return { engine: "redis", host: REDIS_HOST ?? "", ...port, ...keys };
}
