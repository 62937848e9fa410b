/** The options of a server that say who may do what, checked. */
import { digestOf, parseTokenFacts, type KnownToken, type TokenSpec } from "../../model/access/token.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { parsePositiveDuration } from "../../model/value/duration.js";
import type { Duration } from "../../model/value/duration.js";
import type { Grant } from "../../model/access/scope.js";
import type { Resource } from "../http/access.js";
import { hostOf } from "./client.js";

/** A token of the configuration, instead of one that is stored. */
export interface TokenOption extends TokenSpec {
  /** The secret, 16 to 512 characters without blanks: `openssl rand -base64 32` makes one. */
  token: string;
}

/** Who asks, as a host application says it. */
export interface GivenAccess {
  /** What the audit log calls them: 1 to 200 characters. */
  subject: string;
  /** What they may do: `read`, `read:payload`, `enqueue`, `enqueue:QUEUE`, `operate`, `admin`. */
  scopes: readonly Grant[];
  /** Only jobs with this tag are seen and touched. Default: all are. */
  tag?: string;
}

/**
 * Decides for a host application: `false` refuses; an access says who asks and what they may; `true` allows it, with the rights of the
 * token that was sent. Where neither `tokens` nor `storedTokens: true` is given `true` needs no token, and allows everything.
 */
export type Authorize = (
  request: Request,
  action: string,
  resource: Resource,
) => boolean | GivenAccess | Promise<boolean | GivenAccess>;

/** How many in which time. */
export interface RateOption {
  /** How many. */
  rate: number;
  /** In which time: `"1s"`, `"1m"`, or milliseconds. */
  per: Duration;
}

/** The options of `createServer` that say who may do what. */
export interface AccessOptions {
  /** Tokens of the configuration, beside those that are stored. Default: none. */
  tokens?: readonly TokenOption[];
  /**
   * Are stored tokens (`longshore token create`) let in? `true` also says that a handler may be mounted that knows no other.
   * Default: they are.
   */
  storedTokens?: boolean;
  /** Asks the host application about each request, by what it does (`"jobs.cancel"`) and to what. Default: tokens decide. */
  authorize?: Authorize;
  /**
   * Lets everybody who reaches the server do everything: for a host application that has signed its users in before it hands
   * a request over. One that listens by itself does so on addresses of this machine alone. Default: false.
   */
  open?: boolean;
  /** How long a browser stays signed in; up to `"30d"`. Default: `"12h"`. */
  sessionTime?: Duration;
  /**
   * The names by which clients may call the server, such as `"jobs.example.org"`, beside those of this machine itself; `"*"`: any.
   * Default: see the page on security.
   */
  hosts?: readonly string[];
  /** Pages of these origins may call the server from browsers, with a token: `"https://app.example.org"`. Default: none. */
  cors?: readonly string[];
  /** How many jobs each token may create in a time, in this process. Default: as many as it likes. */
  createLimit?: RateOption;
}

/** The options, checked. */
export interface ParsedAccess {
  readonly tokens: readonly KnownToken[];
  readonly storedTokens: boolean;
  readonly authorize: Authorize | null;
  readonly open: boolean;
  /** Are tokens said to decide, so that a hook adds to them? */
  readonly tokensDecide: boolean;
  /** Does a mounted handler know by itself who may do what? */
  readonly decided: boolean;
  readonly sessionTime: number;
  /** `null`: any. */
  readonly hosts: readonly string[] | null;
  readonly cors: readonly string[];
  readonly createLimit: { readonly rate: number; readonly per: number } | null;
}

/** The names of these options. */
export const ACCESS_OPTIONS = [
  "tokens",
  "storedTokens",
  "authorize",
  "open",
  "sessionTime",
  "hosts",
  "cors",
  "createLimit",
] as const satisfies (keyof AccessOptions)[];

/** What a header can carry. */
const SECRET = /^[\x21-\x7e]{16,512}$/;
const MOST_TOKENS = 1_000;
const MOST_NAMES = 100;
const LONGEST_SESSION = 30 * 86_400_000;

/** Checks the options. @throws InvalidInput */
export function parseAccess(options: AccessOptions): ParsedAccess {
  const { authorize, sessionTime = "12h" } = options;
  if (authorize !== undefined && typeof authorize !== "function") {
    throw new InvalidInput("authorize", authorize, "a function of (request, action, resource)");
  }
  const tokens = parseTokens(options.tokens ?? []);
  const tokensDecide = tokens.length > 0 || options.storedTokens === true;
  const open = parseSwitch("open", options.open, false);
  const time = parsePositiveDuration("sessionTime", sessionTime);
  if (time > LONGEST_SESSION) throw new InvalidInput("sessionTime", sessionTime, "at most 30d");
  return {
    tokens,
    storedTokens: parseSwitch("storedTokens", options.storedTokens, true),
    authorize: authorize ?? null,
    open,
    tokensDecide,
    decided: open || tokensDecide || authorize !== undefined,
    sessionTime: time,
    hosts: parseHosts(options.hosts ?? []),
    cors: parseOrigins(options.cors ?? []),
    createLimit: options.createLimit === undefined ? null : parseRate("createLimit", options.createLimit),
  };
}

function parseSwitch(name: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  if (typeof value !== "boolean") throw new InvalidInput(name, value, "true or false");
  return value;
}

function parseTokens(value: unknown): KnownToken[] {
  // Errors show no values here: they may be secrets.
  if (!Array.isArray(value) || value.length > MOST_TOKENS) {
    throw new InvalidInput("tokens", "[hidden]", `a list of at most ${MOST_TOKENS} tokens`);
  }
  const names = new Set<string>();
  return value.map((given: unknown, index) => {
    const within = `tokens[${index}]`;
    const facts = parseTokenFacts(within, given, ["token"]);
    const { token } = given as { token?: unknown };
    if (typeof token !== "string" || !SECRET.test(token)) {
      throw new InvalidInput(`${within}.token`, "[hidden]", "16 to 512 characters of ASCII without blanks");
    }
    if (names.has(facts.name)) throw new InvalidInput(`${within}.name`, facts.name, "a name of its own");
    names.add(facts.name);
    return { ...facts, digest: digestOf(token) };
  });
}

function parseHosts(value: unknown): readonly string[] | null {
  if (!Array.isArray(value) || value.length > MOST_NAMES) {
    throw new InvalidInput("hosts", value, `a list of at most ${MOST_NAMES} names`);
  }
  const names = value.map((given: unknown, index) => {
    if (given === "*") return "*";
    const name = typeof given === "string" ? hostOf(given) : null;
    if (name === null) throw new InvalidInput(`hosts[${index}]`, given, 'a name such as "jobs.example.org", or "*"');
    return name;
  });
  return names.includes("*") ? null : names;
}

function parseOrigins(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > MOST_NAMES) {
    throw new InvalidInput("cors", value, `a list of at most ${MOST_NAMES} origins`);
  }
  return value.map((given: unknown, index) => {
    const url = typeof given === "string" && URL.canParse(given) ? new URL(given) : null;
    if (url === null || !/^https?:$/.test(url.protocol) || url.origin !== given) {
      throw new InvalidInput(`cors[${index}]`, given, 'an origin such as "https://app.example.org", without a path');
    }
    return url.origin;
  });
}

function parseRate(field: string, value: unknown): { rate: number; per: number } {
  if (typeof value !== "object" || value === null) throw new InvalidInput(field, value, '{ rate: 100, per: "1m" }');
  const { rate, per, ...others } = value as Partial<Record<keyof RateOption, unknown>>;
  const [other] = Object.entries(others);
  if (other !== undefined) throw new InvalidInput(`${field}.${other[0]}`, other[1], "one of these: rate, per");
  if (typeof rate !== "number" || !Number.isInteger(rate) || rate < 1 || rate > 1_000_000) {
    throw new InvalidInput(`${field}.rate`, rate, "a whole number from 1 to 1000000");
  }
  return { rate, per: parsePositiveDuration(`${field}.per`, per) };
}
