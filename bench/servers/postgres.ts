/**
 * A private PostgreSQL cluster for measurements: made in a temporary folder, on a free port of the loopback interface, and
 * removed without a trace. It is set as a small production server is (256 MB of shared buffers, checkpoints far apart, fsync
 * on); the only choice is whether a commit waits until it is on disk.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, readdirSync } from "node:fs";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Client } from "pg";

/** "on": a commit is on disk when it is answered. "off": it is within 0.6 s, as in Redis with `aof everysec` or weaker. */
export type PostgresDurability = "synchronous_commit on" | "synchronous_commit off";

const DEBIAN = "/usr/lib/postgresql";
const DATABASE = "bench";
const START_TIMEOUT_MS = 20_000;

/** The folder of `initdb` and `postgres`: on the PATH, or the newest that Debian's packages installed. */
export function findPostgres(): string | undefined {
  const onPath = (process.env["PATH"] ?? "").split(delimiter);
  return [...onPath, ...debianFolders()].find((folder) => ["initdb", "postgres"].every((name) => runs(folder, name)));
}

/** Starts a cluster with an empty database and answers when it takes connections. */
export async function startPostgresServer(
  durability: PostgresDurability = "synchronous_commit on",
): Promise<PostgresServer> {
  const binaries = findPostgres();
  if (binaries === undefined) throw new Error("PostgreSQL is not installed here (Debian: apt-get install postgresql).");
  const folder = await mkdtemp(join(tmpdir(), "longshore-bench-postgres-"));
  const user = serverUser();
  try {
    if (user.uid !== undefined) await chown(folder, user.uid, user.gid);
    // The cluster lives for one run, so that making it need not wait for the disk.
    const how = ["--pgdata", folder, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--no-sync"];
    await promisify(execFile)(join(binaries, "initdb"), how, { ...user, cwd: folder });
    const server = new PostgresServer(binaries, folder, user, await freePort(), durability);
    await server.start();
    return server;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

export class PostgresServer {
  /** Where to connect. The same for the whole life of the server. */
  readonly url: string;
  readonly durability: PostgresDurability;
  readonly #binaries: string;
  readonly #folder: string;
  readonly #user: ServerUser;
  readonly #port: number;
  #process: ChildProcess | undefined;
  #version = "";
  #output = "";

  constructor(binaries: string, folder: string, user: ServerUser, port: number, durability: PostgresDurability) {
    this.url = `postgres://postgres@127.0.0.1:${port}/${DATABASE}`;
    this.durability = durability;
    this.#binaries = binaries;
    this.#folder = folder;
    this.#user = user;
    this.#port = port;
  }

  /** Such as "15.18". */
  get version(): string {
    return this.#version;
  }

  async start(): Promise<void> {
    const child = spawn(join(this.#binaries, "postgres"), this.#arguments(), {
      ...this.#user,
      cwd: this.#folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process = child;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#output = (this.#output + text).slice(-4_000);
    });
    child.once("exit", () => {
      this.#process = undefined;
    });
    try {
      await once(child, "spawn");
      await this.#ready();
      await this.reset();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Gives an empty database in place of the one that was there; its connections are cut. */
  async reset(): Promise<void> {
    await this.#asAdministrator(async (client) => {
      await client.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
      await client.query(`CREATE DATABASE ${DATABASE}`);
    });
  }

  /** Ends the server and removes its files. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (child !== undefined) {
      const exited = once(child, "exit");
      // PostgreSQL's fast shutdown: clients are cut off, the server ends in good order.
      child.kill("SIGINT");
      await exited;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  #arguments(): string[] {
    const settings = {
      listen_addresses: "127.0.0.1",
      port: String(this.#port),
      unix_socket_directories: "",
      max_connections: "200",
      shared_buffers: "256MB",
      max_wal_size: "4GB",
      checkpoint_timeout: "15min",
      fsync: "on",
      synchronous_commit: this.durability === "synchronous_commit on" ? "on" : "off",
    };
    return ["-D", this.#folder, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  }

  async #ready(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < deadline && this.#process !== undefined) {
      try {
        await this.#asAdministrator(async (client) => {
          const { rows } = await client.query<{ server_version: string }>("SHOW server_version");
          this.#version = rows[0]?.server_version.split(" ")[0] ?? "";
        });
        return;
      } catch {
        await sleep(25);
      }
    }
    throw new Error(`The PostgreSQL server on port ${this.#port} did not start:\n${this.#output}`);
  }

  async #asAdministrator(action: (client: Client) => Promise<void>): Promise<void> {
    const client = new Client(this.url.replace(/[^/]+$/, "postgres"));
    await client.connect();
    try {
      await action(client);
    } finally {
      await client.end();
    }
  }
}

/** PostgreSQL refuses to run as root; it then runs as the user that its package made. */
interface ServerUser {
  readonly uid?: number;
  readonly gid?: number;
}

function serverUser(): ServerUser & { gid: number } {
  const { uid, gid } = userInfo();
  return uid === 0 ? { uid: postgresId("-u"), gid: postgresId("-g") } : { gid };
}

function postgresId(option: "-u" | "-g"): number {
  return Number(execFileSync("id", [option, "postgres"], { encoding: "utf8" }));
}

function debianFolders(): string[] {
  try {
    const versions = readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(DEBIAN, version, "bin"));
  } catch {
    return [];
  }
}

function runs(folder: string, name: string): boolean {
  try {
    accessSync(join(folder, name), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const closed = once(server, "close");
  server.close();
  await closed;
  if (address === null || typeof address === "string") throw new Error("Found no free port.");
  return address.port;
}
