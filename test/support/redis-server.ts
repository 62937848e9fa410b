// A private Redis (or Valkey) server for tests and measurements: started on a free port of the loopback
// interface with its files in a temporary folder, and stopped without a trace. It can also be killed, frozen
// and started again on the same port and files, for tests about Redis failing.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PATIENCE } from "./patience.js";

export interface RedisServerOptions {
  /** Keeps an append-only file, synchronised this often. Default: no persistence. */
  appendfsync?: "always" | "everysec";
  /** Such as "64mb". Default: no cap. */
  maxmemory?: string;
  /** Default: Redis's own, noeviction. */
  maxmemoryPolicy?: string;
  /** Password of the default user. Default: none. */
  requirepass?: string;
  /** Speaks TLS alone, as `CERTIFICATE`; `"mutual"`: with clients only that have a certificate of the same authority. */
  tls?: "server" | "mutual";
  /** Added to its environment. */
  env?: Readonly<Record<string, string>>;
  /** Whether this is a node of a cluster; `"partial"`: one that goes on while others are down. Default: false. */
  cluster?: boolean | "partial";
}

const folder = fileURLToPath(new URL("tls/", import.meta.url));
/** Settings of servers, nodes of clusters and sentinels for TLS: clients need no certificate. */
export const TLS_SETTINGS = {
  "tls-cert-file": join(folder, "cert.pem"),
  "tls-key-file": join(folder, "key.pem"),
  "tls-ca-cert-file": join(folder, "cert.pem"),
  "tls-auth-clients": "no",
  "tls-replication": "yes",
} as const;

/** A server says this when it has loaded its files and listens. To ask its port would not do: another may answer there. */
const READY = /ready to accept connections/i;

/** Starts a server and answers when it accepts commands. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const run = process.env["LONGSHORE_TEST_RUN"] ?? "manual";
  const directory = await mkdtemp(join(tmpdir(), `longshore-${run}-redis-`));
  for (let tries = 1; ; tries++) {
    const server = new RedisServer(await freePort(), directory, options);
    try {
      await server.start();
      return server;
    } catch (error) {
      // Another process may have taken the port since we looked.
      if (tries === 3) {
        await server.stop();
        throw error;
      }
    }
  }
}

export class RedisServer {
  readonly port: number;
  /** Where to connect, password included. */
  readonly url: string;
  readonly #directory: string;
  readonly #options: RedisServerOptions;
  #process: ChildProcess | undefined;
  #output = "";

  constructor(port: number, directory: string, options: RedisServerOptions) {
    const { requirepass, tls } = options;
    this.port = port;
    const credentials = requirepass === undefined ? "" : `:${encodeURIComponent(requirepass)}@`;
    this.url = `${tls === undefined ? "redis" : "rediss"}://${credentials}127.0.0.1:${port}`;
    this.#directory = directory;
    this.#options = options;
  }

  /** Starts the server again after `kill()`, on the same port and files. */
  async start(): Promise<void> {
    if (this.#process !== undefined) throw new Error(`The Redis server on port ${this.port} is already running.`);
    this.#output = "";
    const child = spawn(process.env["LONGSHORE_REDIS_SERVER"] ?? "redis-server", this.#arguments(), {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...this.#options.env },
    });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      const fail = (what: string): void => {
        clearTimeout(timer);
        reject(new Error(`redis-server on port ${this.port} ${what}:\n${this.#output}`));
      };
      const timer = setTimeout(() => fail(`was not ready within ${PATIENCE} ms`), PATIENCE);
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => {
          this.#output = (this.#output + text).slice(-4_000);
          if (!READY.test(this.#output)) return;
          clearTimeout(timer);
          resolve();
        });
      }
      child.once("error", (error) => {
        this.#process = undefined;
        fail(`cannot be started (${error.message})`);
      });
      child.once("exit", (code, signal) => {
        if (this.#process === child) this.#process = undefined;
        fail(`ended with ${signal ?? code}`);
      });
    });
  }

  /** Ends the server as a crash does (SIGKILL), keeping its files. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Freezes the server: connections stay open and nothing answers. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  /** Lets a paused server go on. */
  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  /** Ends the server and removes its files. */
  async stop(): Promise<void> {
    this.resume();
    await this.#end("SIGTERM");
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    const exited = once(child, "exit");
    child.kill(signal);
    const deadline = setTimeout(() => child.kill("SIGKILL"), PATIENCE / 2);
    await exited;
    clearTimeout(deadline);
  }

  #arguments(): string[] {
    const { appendfsync, maxmemory, maxmemoryPolicy, requirepass, cluster, tls } = this.#options;
    const settings: Record<string, string | undefined> = {
      ...(tls === undefined
        ? { port: String(this.port) }
        : {
            port: "0",
            "tls-port": String(this.port),
            ...TLS_SETTINGS,
            "tls-auth-clients": tls === "mutual" ? "yes" : "no",
            "tls-cluster": "yes",
          }),
      bind: "127.0.0.1",
      dir: this.#directory,
      save: "",
      appendonly: appendfsync === undefined ? "no" : "yes",
      appendfsync,
      maxmemory,
      "maxmemory-policy": maxmemoryPolicy,
      requirepass,
      ...(cluster === undefined || cluster === false
        ? {}
        : {
            "cluster-enabled": "yes",
            "cluster-node-timeout": "2000",
            "cluster-require-full-coverage": cluster === "partial" ? "no" : "yes",
          }),
      // Keeps the folder, and with it the name of the test run, in the process's command line.
      "set-proc-title": "no",
    };
    return Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
  }
}

/** A port that is free together with the one 10,000 above it, which a cluster node uses as its bus. */
async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = 10_000 + Math.floor(Math.random() * 12_000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
  throw new Error("Found no free port between 10000 and 22000.");
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
