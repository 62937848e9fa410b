// A Sentinel for tests, which watches one master called "queue".
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";

export interface Sentinel {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts one for the master at a port; it has these settings beside. */
export async function startSentinel(
  master: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<Sentinel> {
  const folder = await mkdtemp(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-sentinel-`));
  const port = 22_100 + Math.floor(Math.random() * 5_000);
  const config = join(folder, "sentinel.conf");
  const encrypted = "tls-cert-file" in settings;
  const lines = Object.entries({
    ...(encrypted ? { port: "0", "tls-port": String(port) } : { port: String(port) }),
    ...settings,
    bind: "127.0.0.1",
    dir: folder,
    "sentinel monitor": `queue 127.0.0.1 ${master} 1`,
  });
  await writeFile(config, lines.map(([name, value]) => `${name} ${value}\n`).join(""));
  const executable = process.env["LONGSHORE_REDIS_SERVER"] ?? "redis-server";
  const child: ChildProcess = spawn(executable, [config, "--sentinel"], { stdio: "ignore" });
  const stop = async (): Promise<void> => {
    const exited = once(child, "exit");
    child.kill();
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  await expect.poll(() => answers(port)).toBe(true);
  return { port, stop };
}

async function answers(port: number): Promise<boolean> {
  const socket = dial(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
