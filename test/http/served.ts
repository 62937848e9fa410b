/** A server that listens on a free port, closed after the test, and a client of it. */
import { onTestFinished } from "vitest";
import type { Longshore } from "longshore";
import { connectHttp, type HttpLongshore, type HttpOptions } from "longshore/http";
import { createServer, type ServerOptions } from "longshore/server";

/** A server and a client. */
export interface Served {
  readonly port: number;
  readonly url: string;
  readonly client: HttpLongshore;
  close(): Promise<void>;
}

/** Serves a connection. */
export async function served(
  longshore: Longshore,
  options: ServerOptions = {},
  clientOptions: HttpOptions = {},
): Promise<Served> {
  const server = createServer(longshore, { log: () => {}, ...options });
  const { port, url } = await server.listen({ port: 0 });
  onTestFinished(() => server.close());
  return { port, url, client: connectHttp(url, clientOptions), close: () => server.close() };
}
