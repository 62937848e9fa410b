/** What every handler of the server is given with a request. */
import type { Context, MiddlewareHandler } from "hono";
import type { Access } from "../access/access.js";

/** The variables of a request. */
export interface ServerEnv {
  Variables: {
    /** Who asks. Set by authentication, before any route. */
    access: Access;
    /** The path under which clients reach the server, without a slash at its end: `""`, `/admin/jobs`. */
    publicPath: string;
  };
}

/** A request and its answer. */
export type ServerContext = Context<ServerEnv>;

/** A step before routes: it answers itself, throws a `Problem`, or goes on. */
export type Guard = MiddlewareHandler<ServerEnv>;
