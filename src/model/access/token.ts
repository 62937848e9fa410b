/**
 * Tokens: a secret that stands for rights. What is stored is the SHA-256 of the secret, as documents of the platform by the name of
 * the token: who reads the store cannot ask with what is found there.
 */
import { createHash, randomBytes } from "node:crypto";
import { InvalidInput } from "../errors/errors.js";
import { parseKey, parseName } from "../value/name.js";
import { parseTime } from "../value/scalar.js";
import { readList, readNumber, readObject, readOptional, readText } from "../value/strict.js";
import { MOST_GRANTS, parseGrants, type Grant } from "./scope.js";

/** The kind of the documents of tokens. */
export const TOKENS = "longshore:tokens";

/** What a token is made with. */
export interface TokenSpec {
  /** What it is called, in the audit log, too: 1 to 100 of `A-Z a-z 0-9 _ . : -`. */
  name: string;
  /** What it may do: `read`, `read:payload`, `enqueue`, `enqueue:QUEUE`, `operate`, `admin`. */
  scopes: readonly Grant[];
  /** Only jobs with this tag are seen and touched: for a token of one customer. Default: all are. */
  tag?: string;
  /** When it ends, as a date or in epoch milliseconds. Default: never. */
  expiresAt?: Date | number;
}

/** A token without its secret. */
export interface TokenFacts {
  readonly name: string;
  readonly scopes: readonly Grant[];
  readonly tag: string | null;
  /** Epoch milliseconds; `null`: never. */
  readonly expiresAt: number | null;
}

/** A token as it is checked against. */
export interface KnownToken extends TokenFacts {
  /** The SHA-256 of its secret. */
  readonly digest: Buffer;
}

/** What secrets of tokens begin with, so that they are recognised where they should not be. */
export const SECRET_PREFIX = "lst_";

/** A new secret: 256 bits. */
export function newSecret(): string {
  return SECRET_PREFIX + randomBytes(32).toString("base64url");
}

/** The digest under which a secret is known. */
export function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** Checks what a token is made with. @throws InvalidInput */
export function parseTokenFacts(within: string, value: unknown, others: readonly string[] = []): TokenFacts {
  const at = (field: string): string => (within === "" ? field : `${within}.${field}`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidInput(within === "" ? "token" : within, typeof value, "an object with name and scopes");
  }
  const known = ["name", "scopes", "tag", "expiresAt", ...others];
  const other = Object.keys(value).find((key) => !known.includes(key));
  // The value of a misspelt field may be a secret.
  if (other !== undefined) throw new InvalidInput(at(other), "[hidden]", `one of these: ${known.join(", ")}`);
  const { name, scopes, tag, expiresAt } = value as Partial<Record<keyof TokenSpec, unknown>>;
  return {
    name: parseName(at("name"), name),
    scopes: parseGrants(at("scopes"), scopes),
    tag: tag === undefined ? null : parseKey(at("tag"), tag, 128),
    expiresAt: expiresAt === undefined ? null : parseTime(at("expiresAt"), expiresAt),
  };
}

/** The value of its document. */
export interface StoredToken {
  readonly digest: string;
  readonly scopes: readonly Grant[];
  readonly tag: string | null;
  readonly expiresAt: number | null;
}

/** Reads a document; `null` where it is none of a token, which then is good for nothing. */
export function readToken(name: string, value: unknown): KnownToken | null {
  try {
    const { digest: text, scopes, tag, expiresAt } = readObject("token", value);
    const digest = Buffer.from(readText("token.digest", text, 100), "base64url");
    if (digest.length !== 32) return null;
    const grants = readList("token.scopes", scopes, MOST_GRANTS, (what, item) => readText(what, item, 200));
    return {
      ...{ name, digest, scopes: parseGrants("token.scopes", grants) },
      tag: readOptional("token.tag", tag, (what, item) => readText(what, item, 128)),
      expiresAt: readOptional("token.expiresAt", expiresAt, (what, item) => readNumber(what, item, 0, 8.64e15)),
    };
  } catch {
    return null;
  }
}
