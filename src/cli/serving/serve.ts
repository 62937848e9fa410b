/**
 * The HTTP server of a command. It loads only here, with all that it needs: workers and commands that ask the engine start
 * without it.
 */
import type { Longshore } from "../../client/longshore.js";
import type { AnyTask } from "../../define/task.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { systemClock } from "../../model/value/clock.js";
import { refusal, type Address } from "../flags/address.js";
import type { ServerAccess } from "../flags/server-flags.js";
import { sharedReadiness, type Readiness } from "../health/readiness.js";
import { UsageError } from "../terminal/exit.js";
import type { Log } from "../terminal/log.js";

/** What a server is made with. */
export interface ServeOptions {
  readonly address: Address;
  readonly access: ServerAccess;
  /** The tasks that it knows, for their schemas and options. */
  readonly tasks: readonly AnyTask[];
  /** Do those take jobs that run beside the server? */
  readonly ready: Readiness;
  readonly log: Log;
  /** Do other commands need `--url` to find this engine? */
  readonly named: boolean;
}

/** A server that listens. */
export interface Serving {
  /** Its address for people and browsers. */
  readonly url: string;
  /** Knows these tasks from now on, in place of those before. */
  replaceTasks(tasks: readonly AnyTask[]): void;
  /** Stops listening, once the answers under way have ended. */
  close(): Promise<void>;
}

/** Loads the server ahead, while the command does other things. A failure is reported by `serve`. */
export function preloadServer(): void {
  import("../../server/server.js").catch(() => {});
}

/**
 * Listens, and logs where.
 * @throws AddressRefused when the system does not let it
 */
export async function serve(longshore: Longshore, options: ServeOptions): Promise<Serving> {
  const { address, access, tasks, ready, log, named } = options;
  const { createServer } = await import("../../server/server.js");
  const server = createServer(longshore, {
    ...access,
    tasks,
    ready: sharedReadiness(ready, systemClock),
    log: (level, message, fields) => log.write(level, message, fields),
  });
  const { url } = await listening(() => server.listen(address), address, named ? ` --url ${longshore.info.url}` : "");
  log.write("info", "Server started", { url, engine: longshore.info.url });
  return { url, replaceTasks: (now) => server.replaceTasks(now), close: () => server.close() };
}

async function listening<T>(listen: () => Promise<T>, address: Address, urlFlag: string): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    if (error instanceof InvalidInput && error.field === "host") {
      throw new UsageError(
        `--host ${address.host}: other machines may reach it there, and never an open server: set LONGSHORE_TOKEN, ` +
          `or make a token: longshore token create NAME --scopes admin${urlFlag}`,
      );
    }
    throw refusal(error, address, { host: "--host", port: "--port" });
  }
}
