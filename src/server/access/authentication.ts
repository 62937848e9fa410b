/**
 * Who asks: by a token in the header Authorization, by the cookie of a session that began with one, or as the host application says
 * (`authorize`). Where nothing is configured and no token is stored, a server that listens on loopback is open: who is on this
 * machine is let in.
 */
import type { Longshore } from "../../client/longshore.js";
import { grantsAllow, parseGrants, type Grant } from "../../model/access/scope.js";
import { digestOf, type KnownToken } from "../../model/access/token.js";
import type { Clock } from "../../model/value/clock.js";
import { parseKey } from "../../model/value/name.js";
import { OPEN_ACCESS, type Access, type Resource } from "../http/access.js";
import type { Guard, ServerContext } from "../http/env.js";
import { Problem } from "../http/problem.js";
import { Attempts } from "./attempts.js";
import { addressOf, isForwarded } from "./client.js";
import { sessionCookies } from "./cookie.js";
import type { ParsedAccess } from "./options.js";
import type { SecretPlaces } from "./secret-places.js";
import { Sessions, type Session, type TokenSource } from "./sessions.js";

/** What authentication works with. */
export interface AuthenticationSetup {
  readonly longshore: Longshore;
  readonly options: ParsedAccess;
  readonly trustProxy: boolean;
  readonly secrets: SecretPlaces;
  readonly clock: Clock;
  /** Is the server, where it listens by itself, out of reach of other machines? */
  readonly isLocal: () => boolean;
}

/** A token that was found, and where. */
interface FoundToken {
  readonly source: TokenSource;
  readonly token: KnownToken;
  /** The session that was begun with it; `null`: the token itself was sent. */
  readonly session: Session | null;
}

/** The access of no one, until the host application has said who it is. */
export const NO_ACCESS: Access = { subject: "", tag: null, allows: () => false };

/** The routes that begin and end a session: they are asked without one. */
const SIGN_IN = /^\/api\/session\/?$/;

export class Authentication {
  readonly #setup: AuthenticationSetup;
  readonly #attempts: Attempts;
  readonly #sessions: Sessions;
  readonly #byDigest: ReadonlyMap<string, KnownToken>;
  readonly #byName: ReadonlyMap<string, KnownToken>;
  /** Was there a stored token at any time? */
  #sawToken = false;

  constructor(setup: AuthenticationSetup) {
    const { longshore, options, clock } = setup;
    this.#setup = setup;
    this.#attempts = new Attempts(clock);
    this.#sessions = new Sessions(longshore, clock, options.sessionTime);
    this.#byDigest = new Map(options.tokens.map((token) => [token.digest.toString("base64url"), token]));
    this.#byName = new Map(options.tokens.map((token) => [token.name, token]));
  }

  /** Sets the access of each request, or refuses it with 401. */
  get guard(): Guard {
    return async (c, next) => {
      await this.#setup.secrets.refresh();
      if (SIGN_IN.test(c.req.path) && (c.req.method === "POST" || c.req.method === "DELETE")) {
        c.set("access", NO_ACCESS);
      } else await this.#authenticate(c);
      await next();
    };
  }

  /** Signs in with a token. @throws Problem 401 for a wrong one, 429 for too many of these; EngineUnavailable */
  async signIn(
    c: ServerContext,
    secret: string,
  ): Promise<{ readonly cookie: string; readonly session: Session; readonly access: Access }> {
    const found = await this.#tokenOf(c, secret);
    if (found === null) {
      this.#attempts.wrong(this.#address(c));
      throw unauthorized("this token is not known, or its time is over");
    }
    const begun = await this.#sessions.begin(found.source, found.token);
    return { ...begun, access: this.#accessOf(found.token) };
  }

  /** Signs out: the sessions of a request's cookies end. @throws EngineUnavailable */
  async signOut(c: ServerContext): Promise<Access | null> {
    const found = await this.#sessionOf(c);
    if (found === null) return null;
    await this.#sessions.end(found.session, found.token);
    return this.#accessOf(found.token);
  }

  /** The session of a request; `null` when it asks otherwise. @throws EngineUnavailable */
  async session(c: ServerContext): Promise<Session | null> {
    return c.req.header("authorization") === undefined ? ((await this.#sessionOf(c))?.session ?? null) : null;
  }

  /** By the clock of sessions. */
  now(): number {
    return this.#setup.clock.now();
  }

  async #authenticate(c: ServerContext): Promise<void> {
    const { open, authorize } = this.#setup.options;
    const secret = bearerOf(c.req.header("authorization"));
    const found = secret === null ? await this.#sessionOf(c) : await this.#tokenOf(c, secret);
    const known = found === null ? null : this.#accessOfToken(found);
    if (authorize !== null) {
      c.set("access", known ?? NO_ACCESS);
      c.set("decide", (action, resource) => this.#decide(c, known, secret !== null, action, resource));
      return;
    }
    if (known !== null) c.set("access", known);
    else if (open || (secret === null && (await this.#isOpenHere(c)))) c.set("access", this.#everything("open"));
    else {
      if (secret !== null) this.#attempts.wrong(this.#address(c));
      throw unauthorized(secret === null ? null : "this token is not known, or its time is over");
    }
  }

  /**
   * Is nothing said of who may do what, on a server that only this machine reaches? What a proxy has passed on comes from elsewhere, and
   * when the last token is revoked a server that was closed does not open.
   */
  async #isOpenHere(c: ServerContext): Promise<boolean> {
    const { options, isLocal, longshore } = this.#setup;
    if (options.decided || c.env.listening !== true || !isLocal() || isForwarded(c)) return false;
    this.#sawToken ||= options.storedTokens && (await longshore.tokens.any());
    return !this.#sawToken;
  }

  async #decide(
    c: ServerContext,
    known: Access | null,
    sentToken: boolean,
    action: string,
    resource: Resource,
  ): Promise<void> {
    const answer: unknown = await this.#setup.options.authorize?.(c.req.raw, action, resource);
    const { tokensDecide } = this.#setup.options;
    if (answer === true && (known !== null || !tokensDecide)) c.set("access", known ?? this.#everything("authorize"));
    else if (typeof answer === "object" && answer !== null) c.set("access", this.#given(answer));
    else if (typeof answer !== "boolean")
      throw new TypeError("authorize: answered neither true nor false nor an access");
    else if (known !== null) throw new Problem(403, "NOT_AUTHORIZED", `this may not be done: ${action}`);
    else {
      if (sentToken) this.#attempts.wrong(this.#address(c));
      throw unauthorized(null);
    }
  }

  /** @throws InvalidInput as a fault of the server: the request is not to blame */
  #given(answer: object): Access {
    const { subject, scopes, tag } = answer as { subject?: unknown; scopes?: unknown; tag?: unknown };
    try {
      return this.#accessOf({
        name: parseKey("subject", subject, 200),
        scopes: parseGrants("scopes", scopes),
        tag: tag === undefined || tag === null ? null : parseKey("tag", tag, 128),
      });
    } catch (error) {
      throw new TypeError(`authorize: ${String(error)}`, { cause: error });
    }
  }

  async #tokenOf(c: ServerContext, secret: string): Promise<FoundToken | null> {
    const { options, longshore } = this.#setup;
    const digest = digestOf(secret);
    this.#attempts.check(this.#address(c), digest);
    const configured = this.#living(this.#byDigest.get(digest.toString("base64url")));
    const stored = configured === null && options.storedTokens ? await longshore.tokens.checkKnown(secret) : null;
    const token = configured ?? stored;
    if (token === null) return null;
    this.#attempts.right(this.#address(c), digest);
    return { source: configured === null ? "stored" : "configured", token, session: null };
  }

  async #sessionOf(c: ServerContext): Promise<(FoundToken & { readonly session: Session }) | null> {
    for (const cookie of sessionCookies(c)) {
      const found = await this.#sessions.read(cookie, (source, name) => this.#named(source, name));
      if (found !== null) return { ...found, source: found.session.source };
    }
    return null;
  }

  #living(token: KnownToken | undefined): KnownToken | null {
    if (token === undefined) return null;
    return token.expiresAt === null || token.expiresAt > this.#setup.clock.now() ? token : null;
  }

  #accessOf({ name, scopes, tag }: { name: string; scopes: readonly Grant[]; tag: string | null }): Access {
    const secretsOf = this.#setup.secrets.of;
    return { subject: name, tag, secretsOf, allows: (scope, queue) => grantsAllow(scopes, scope, queue) };
  }

  /** The access of a token, which ends with it, or with its session. */
  #accessOfToken({ source, token, session }: FoundToken): Access {
    const holds = async (): Promise<boolean> => {
      await this.#setup.secrets.refresh();
      const now = await this.#named(source, token.name);
      if (now === null || !now.digest.equals(token.digest)) return false;
      return session === null || this.#sessions.lasts(session, now);
    };
    return { ...this.#accessOf(token), holds };
  }

  async #named(source: TokenSource, name: string): Promise<KnownToken | null> {
    const { options, longshore } = this.#setup;
    if (source === "configured") return this.#living(this.#byName.get(name));
    return options.storedTokens ? longshore.tokens.named(name) : null;
  }

  #everything(subject: string): Access {
    return { ...OPEN_ACCESS, subject, secretsOf: this.#setup.secrets.of };
  }

  #address(c: ServerContext): string | null {
    return addressOf(c, this.#setup.trustProxy);
  }
}

/** The secret of a header `Authorization: Bearer …`; `null` when it has none: another scheme is the host application's. */
function bearerOf(header: string | undefined): string | null {
  return /^Bearer +(\S+) *$/i.exec(header ?? "")?.[1] ?? null;
}

/** @param wrong what is wrong with the token; `null`: there is none */
function unauthorized(wrong: string | null): Problem {
  const detail = wrong ?? "a token is needed, in the header Authorization, of the kind Bearer";
  const error = wrong === null ? "" : ', error="invalid_token"';
  return new Problem(401, "UNAUTHORIZED", detail, {
    headers: { "www-authenticate": `Bearer realm="longshore"${error}` },
  });
}
