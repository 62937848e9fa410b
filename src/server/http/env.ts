/** What every handler of the server is given with a request. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import type { Access, Resource, Scope } from "./access.js";

/** The variables of a request. */
export interface ServerEnv {
  Variables: {
    /** Who asks. Set by authentication, before any route. */
    access: Access;
    /** What the route does, as the audit log names it: `"jobs.cancel"`. Set by the route. */
    action: string;
    /** What it is about. Set by the route. */
    resource: Resource;
    /** The right that the route needs; `null`: it is for all who are known. Set by the route. */
    scope: Scope | null;
    /** May a token that is narrowed to a tag use the route? Set by the route. */
    tenants: boolean;
    /** Asks the host application, where it has a say; sets `access` to what it answers, and answers it. Throws a `Problem` when it says no. */
    decide?: (action: string, resource: Resource) => Promise<Access>;
    /** Counts the jobs that the request is about to create: so many in all. Throws a `Problem` 429 when they are too many. */
    admit?: (jobs: number) => void;
    /** Does it change nothing, whatever its method says? Set by the route. */
    isLook?: boolean;
    /** What a request touched besides what its path names, for the audit log: the first ids, and how many in all. */
    touched?: { readonly ids: readonly string[]; readonly count: number };
    /** The path under which clients reach the server, without a slash at its end: `""`, `/admin/jobs`. */
    publicPath: string;
  };
  Bindings: ServerBindings;
}

/** What the adapter knows of a request that `Request` does not say. */
export interface ServerBindings {
  /** The address of the client's socket; absent where the host application hands a `Request` over. */
  readonly remoteAddress?: string;
  /** The path that the host application has taken off already, as Express does. */
  readonly mountedAt?: string;
  /** Closes the connection at once, for a client that takes nothing of an answer any more. */
  readonly hangUp?: () => void;
  /** Did it come to where the server itself listens? */
  readonly listening?: boolean;
  /** See the variable of the same name. */
  readonly publicPath?: string;
}

/** A request and its answer. */
export type ServerContext = Context<ServerEnv>;

/** A step before routes: it answers itself, throws a `Problem`, or goes on. */
export type Guard = MiddlewareHandler<ServerEnv>;

/** The app that routes are added to. */
export type ServerApp = OpenAPIHono<ServerEnv>;

/** The version of the API: in its document, and in a header of every answer. */
export const API_VERSION = "1";
