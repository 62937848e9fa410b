/** Tokens in a header of another system: taken for what `Authorization` says, so that there is one way to check a token. */
import type { Guard } from "../http/env.js";

/** Takes the token of this header where a request has no `Authorization`. Stands before what reads the body. */
export function tokenFrom(header: string | null): Guard {
  return async (c, next) => {
    const token = header === null ? undefined : c.req.header(header);
    if (token !== undefined && c.req.header("authorization") === undefined) {
      // A copy: the request is the host application's.
      const request = new Request(c.req.raw.url, c.req.raw);
      request.headers.set("authorization", `Bearer ${token}`);
      c.req.raw = request;
    }
    await next();
  };
}
