/** Errors of storage and of the connection to it: the caller did nothing wrong. */
import { LongshoreError } from "./longshore-error.js";

/** The engine cannot be reached, or did not answer in time. `url` is redacted. */
export class EngineUnavailable extends LongshoreError {
  /** @param options.advice what to look at; default: whether it runs, and the address */
  constructor(url: string, why: string, options: ErrorOptions & { advice?: string } = {}) {
    const advice =
      options.advice ??
      " Is it running, and is its address right: the URL given, or LONGSHORE_URL, REDIS_URL or REDIS_HOST?";
    super("ENGINE_UNAVAILABLE", `cannot reach ${url}: ${why}.${advice}`, options);
  }
}

/** The engine's set-up may lose jobs, e.g. a Redis that may evict keys, so Longshore does not use it. */
export class EngineRefused extends LongshoreError {
  constructor(message: string) {
    super("ENGINE_REFUSED", message);
  }
}

/** The connection was closed by `close()`. */
export class EngineClosed extends LongshoreError {
  constructor() {
    super("ENGINE_CLOSED", "this connection was closed; connect again");
  }
}

/** A stored job that cannot be decoded. It fails alone, with this as its reason. */
export class Undecodable extends LongshoreError {
  constructor(id: string, what: string, options?: ErrorOptions) {
    super("UNDECODABLE", `job ${id}: its stored ${what} cannot be decoded`, options);
  }
}

/**
 * A file of the package is missing beside its code, as in a bundle: the feature that needs it is refused before it
 * begins.
 */
export class Bundled extends LongshoreError {
  constructor(file: string) {
    super(
      "BUNDLED",
      `longshore's file ${file} is missing, for the package was bundled without its files: mark it external, with ` +
        '--packages=external or external: ["longshore"] (esbuild), externals: ["longshore"] (webpack), ' +
        'serverExternalPackages: ["longshore"] (Next.js)',
    );
  }
}

/**
 * The engine ended a worker's session sooner than its lease, which silence alone cannot do. The worker emits it as its
 * event `error` and waits a growing while (back-off) before it goes on.
 */
export class SessionLost extends LongshoreError {
  /** How many sessions in a row ended so. From the second one on, a job that such a session held counts a crash. */
  readonly row: number;

  /** @param lease milliseconds */
  constructor(lease: number, row: number) {
    const times = row === 1 ? "" : ` ${row} times in a row`;
    super(
      "SESSION_LOST",
      `the engine ended this worker's session sooner than its lease of ${lease} ms${times}: was its queue obliterated, its database emptied or replaced, or a clock set?`,
    );
    this.row = row;
  }
}
