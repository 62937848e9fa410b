/**
 * Who asks: by a token in the header Authorization, by the cookie of a session that began with one, or as the host application says
 * (`authorize`). Where nothing is configured and no token is stored, a server that listens on loopback is open: who is on this
 * machine is let in.
 */
import type { Longshore } from "../../client/longshore.js";
import { grantsAllow, type Grant } from "../../model/access/scope.js";
import { digestOf, type KnownToken } from "../../model/access/token.js";
import type { Clock } from "../../model/value/clock.js";
import { OPEN_ACCESS, type Access } from "../http/access.js";
import type { Guard, ServerContext } from "../http/env.js";
import { Problem } from "../http/problem.js";
import { Attempts, type Attempt } from "./attempts.js";
import { addressOf, bearerOf, isForwarded } from "./client.js";
import { sessionCookies } from "./cookie.js";
import { AuthorizeHook } from "./authorize-hook.js";
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

/** What a request says of who asks. */
interface Asked {
  /** The access of its token or session; `null`: it has none that is good. */
  readonly known: Access | null;
  /** Its attempt, if a token was sent. */
  readonly attempt: Attempt | null;
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
  readonly #hook: AuthorizeHook | null;
  /** Was there a stored token at any time? */
  #sawToken = false;

  constructor(setup: AuthenticationSetup) {
    const { longshore, options, clock } = setup;
    this.#setup = setup;
    this.#attempts = new Attempts(clock);
    this.#sessions = new Sessions(longshore, clock, options.sessionTime);
    this.#byDigest = new Map(options.tokens.map((token) => [token.digest.toString("base64url"), token]));
    this.#byName = new Map(options.tokens.map((token) => [token.name, token]));
    const { authorize, tokensDecide } = options;
    const accesses = { of: this.#accessOf.bind(this), everything: () => this.#everything("authorize") };
    this.#hook = authorize === null ? null : new AuthorizeHook({ authorize, tokensDecide, accesses, clock });
  }

  /** Sets the access of each request, or refuses it with 401. */
  get guard(): Guard {
    return async (c, next) => {
      await this.#setup.secrets.refresh();
      if (SIGN_IN.test(c.req.path) && (c.req.method === "POST" || c.req.method === "DELETE")) {
        c.set("access", NO_ACCESS);
        await next();
        return;
      }
      const asked = await this.#whoAsks(c);
      try {
        await this.#authenticate(c, asked);
        await next();
      } finally {
        asked.attempt?.withdraw();
      }
    };
  }

  /** Signs in with a token. @throws Problem 401 for a wrong one, 429 for too many of these; EngineUnavailable */
  async signIn(
    c: ServerContext,
    secret: string,
  ): Promise<{ readonly cookie: string; readonly session: Session; readonly access: Access }> {
    const { found, attempt } = await this.#tokenOf(c, secret);
    if (found === null) {
      attempt.wrong();
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
    return bearerOf(c) === null ? ((await this.#sessionOf(c))?.session ?? null) : null;
  }

  /** By the clock of sessions. */
  now(): number {
    return this.#setup.clock.now();
  }

  /** What a request says of who asks: a token, or else a session. @throws Problem 429; EngineUnavailable */
  async #whoAsks(c: ServerContext): Promise<Asked> {
    const secret = bearerOf(c);
    const { found, attempt } =
      secret === null ? { found: await this.#sessionOf(c), attempt: null } : await this.#tokenOf(c, secret);
    return { known: found === null ? null : this.#accessOfToken(found), attempt };
  }

  async #authenticate(c: ServerContext, { known, attempt }: Asked): Promise<void> {
    const { open } = this.#setup.options;
    if (this.#hook !== null) {
      const hook = this.#hook;
      c.set("access", known ?? NO_ACCESS);
      c.set("decide", async (action, resource) => {
        const given = await hook.ask(c.req.raw, action, resource, known);
        if (given === null) throw refused(action, known, attempt);
        attempt?.right();
        c.set("access", given);
        return given;
      });
    } else if (known !== null) c.set("access", known);
    else if (open || (attempt === null && (await this.#isOpenHere(c)))) c.set("access", this.#everything("open"));
    else {
      attempt?.wrong();
      throw unauthorized(attempt === null ? null : "this token is not known, or its time is over");
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

  /** Finds a token. Of one that is not found the attempt is still to be decided. @throws Problem 429; EngineUnavailable */
  async #tokenOf(c: ServerContext, secret: string): Promise<{ found: FoundToken | null; attempt: Attempt }> {
    const { options, longshore, trustProxy } = this.#setup;
    const digest = digestOf(secret);
    const attempt = await this.#attempts.begin(addressOf(c, trustProxy), digest);
    try {
      const configured = this.#living(this.#byDigest.get(digest.toString("base64url")));
      const stored = configured === null && options.storedTokens ? await longshore.tokens.checkKnown(secret) : null;
      const token = configured ?? stored;
      if (token === null) return { found: null, attempt };
      attempt.right();
      return { found: { source: configured === null ? "stored" : "configured", token, session: null }, attempt };
    } catch (error) {
      attempt.withdraw();
      throw error;
    }
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
}

/** The answer to one whom the host application does not let do something. */
function refused(action: string, known: Access | null, attempt: Attempt | null): Problem {
  if (known !== null) return new Problem(403, "NOT_AUTHORIZED", `this may not be done: ${action}`);
  attempt?.wrong();
  return unauthorized(null);
}

/** @param wrong what is wrong with the token; `null`: there is none */
function unauthorized(wrong: string | null): Problem {
  const detail = wrong ?? "a token is needed, in the header Authorization, of the kind Bearer";
  const error = wrong === null ? "" : ', error="invalid_token"';
  return new Problem(401, "UNAUTHORIZED", detail, {
    headers: { "www-authenticate": `Bearer realm="longshore"${error}` },
  });
}
