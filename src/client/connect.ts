/** From a target to a connection: which engine, from where, with which caps and defaults. */
import type { Engine } from "../engine/contract/engine.js";
import { openEngine, type OpenEngineOptions } from "../engine/open.js";
import { isPortable, parseTarget, type Target } from "../engine/target.js";
import { systemClock, systemRandom, type Clock, type Random } from "../model/value/clock.js";
import { DEFAULT_PAYLOAD_CAP, HARD_PAYLOAD_CAP } from "../model/value/codec.js";
import { InvalidInput } from "../model/errors/errors.js";
import { parseLabel, parseOwnName } from "../model/value/name.js";
import { checkDefaults, type JobDefaults } from "../model/options/options.js";
import { Longshore } from "./longshore.js";

/** The options of a connection. */
export interface ConnectOptions {
  /** The most bytes of JSON an input or a result may have: up to 1 MiB. Default: 128 KiB. */
  payloadCap?: number;
  /** Options for all jobs of a queue; those of the task and of the call win. */
  defaults?: { queues?: { readonly [queue: string]: JobDefaults } };
  /**
   * The version of your application: of the workers of this connection, and with their runs in the history of jobs. 1 to 100
   * bytes of text. Default: the environment's `LONGSHORE_APP_VERSION`, else unknown.
   */
  appVersion?: string;
  /**
   * Where it runs, such as `"production"`; stored as `appVersion` is. 1 to 100 bytes of text. Default: the environment's
   * `LONGSHORE_ENVIRONMENT`, else unknown.
   */
  environment?: string;
  /** The clock for the timers of this connection and its workers. Default: the machine's. For tests. */
  clock?: Clock;
  /** The randomness for jitter and weights. Default: the machine's. For tests. */
  random?: Random;
}

/**
 * Connects to an engine.
 *
 * @param target `"sqlite:jobs.db"`, `"redis://localhost:6379/0"`, `"rediss://…"`, `"memory:"`, or an options object.
 * Default: the environment's `LONGSHORE_URL`, else `REDIS_URL`, else `REDIS_HOST` and `REDIS_PORT`
 * @throws InvalidInput for a wrong target or option; EngineUnavailable when it cannot be reached; EngineRefused when it
 * is set up in a way that may lose jobs
 * @example
 * const longshore = await connect(process.env.LONGSHORE_URL ?? "sqlite:data/jobs.db");
 * @example
 * const scans = await connect("redis://scans.internal:6379", { defaults: { queues: { scans: { attempts: 5 } } } });
 */
export async function connect(target?: string | Target, options: ConnectOptions = {}): Promise<Longshore> {
  return connectThrough(target ?? targetOfEnvironment(), {}, options);
}

/**
 * As `connect`, with something before the engine (`wrap`).
 * @internal For code that observes the engine of a connection.
 */
export async function connectThrough(
  target: string | Target,
  { wrap }: Pick<OpenEngineOptions, "wrap">,
  options: ConnectOptions = {},
): Promise<Longshore> {
  const parsed = parseTarget(target);
  const setup = parseConnectOptions(options);
  const engine = await openEngine(parsed, wrap === undefined ? {} : { wrap });
  return new Longshore({ ...setup, engine, target: isPortable(parsed) ? parsed : null });
}

/**
 * A connection over an engine that you made and opened yourself: one of your own, or one with a clock for tests.
 * Closing the connection closes the engine.
 * @throws InvalidInput
 */
export function attach(engine: Engine, options: ConnectOptions = {}): Longshore {
  return new Longshore({ ...parseConnectOptions(options), engine, target: null });
}

const KNOWN = ["payloadCap", "defaults", "appVersion", "environment", "clock", "random"];

function parseConnectOptions(options: ConnectOptions): {
  clock: Clock;
  random: Random;
  payloadCap: number;
  queueDefaults: ReadonlyMap<string, JobDefaults>;
  appVersion: string | null;
  environment: string | null;
} {
  for (const [key, value] of Object.entries(options)) {
    if (!KNOWN.includes(key)) throw new InvalidInput(key, value, `no such option; known: ${KNOWN.join(", ")}`);
  }
  const { payloadCap = DEFAULT_PAYLOAD_CAP, defaults = {}, clock = systemClock, random = systemRandom } = options;
  if (!Number.isInteger(payloadCap) || payloadCap < 1 || payloadCap > HARD_PAYLOAD_CAP) {
    throw new InvalidInput("payloadCap", payloadCap, `a whole number of bytes from 1 to ${HARD_PAYLOAD_CAP}`);
  }
  const queueDefaults = new Map(Object.entries(defaults.queues ?? {}));
  for (const [queue, ofQueue] of queueDefaults) {
    checkDefaults(`defaults.queues.${parseOwnName("defaults.queues", queue)}`, ofQueue);
  }
  // An empty variable of the environment is one that is not set.
  const { LONGSHORE_APP_VERSION: version, LONGSHORE_ENVIRONMENT: place } = process.env;
  const appVersion = parseLabel("appVersion", options.appVersion ?? (version || undefined));
  const environment = parseLabel("environment", options.environment ?? (place || undefined));
  return { clock, random, payloadCap, queueDefaults, appVersion, environment };
}

function targetOfEnvironment(): string | Target {
  const { LONGSHORE_URL: url, REDIS_URL: redis, REDIS_HOST: host, REDIS_PORT: port } = process.env;
  const found = url || redis;
  if (found) return found;
  if (host) return { engine: "redis", host, ...(port ? { port: Number(port) } : {}) };
  throw new InvalidInput(
    "url",
    undefined,
    'a URL such as "sqlite:jobs.db" or "redis://localhost:6379": give it to connect, or set LONGSHORE_URL',
  );
}
