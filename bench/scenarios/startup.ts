/**
 * How long does `longshore up` take from its start as a process to its first 200 at `/readyz`: program loaded, tasks of an example
 * loaded, engine opened, server listening, worker at work? One start after the other on the same store, the first of which makes it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { NotVerified, type RoundContext, type Scenario } from "../scenario.js";

const manifest = createRequire(import.meta.url).resolve("longshore/package.json");
const PROGRAM = join(dirname(manifest), "dist/cli/main.js");
const TASKS = fileURLToPath(new URL("../../examples/requirements-analysis/tasks.js", import.meta.url));

const ASK_EVERY_MS = 5;
const PATIENCE_MS = 60_000;

export const startup: Scenario = {
  id: "startup",
  what: "longshore up with the tasks of an example: from the start of the process to 200 at /readyz",
  measures: [
    { name: "startup", unit: "ms", better: "less" },
    { name: "startup: first", unit: "ms", better: "less" },
    { name: "startup: longest", unit: "ms", better: "less" },
    // The part of it that does not depend on what else the machine does.
    { name: "startup: cpu", unit: "ms", better: "less" },
  ],
  async round({ store, jobs: starts }: RoundContext) {
    const made: Start[] = [];
    for (let n = 0; n < starts; n += 1) made.push(await start(store.url));
    const took = made.map(({ ms }) => ms);
    const cpu = made.flatMap(({ cpuMs }) => cpuMs ?? []);
    return {
      startup: median(took),
      "startup: first": took[0] ?? Number.NaN,
      "startup: longest": Math.max(...took),
      ...(cpu.length > 0 && { "startup: cpu": median(cpu) }),
    };
  },
};

/** What a start took. */
interface Start {
  readonly ms: number;
  /** CPU time of the process, where the system says it. */
  readonly cpuMs: number | null;
}

/** Starts it, waits until it is ready, and ends it. */
async function start(url: string): Promise<Start> {
  const port = await freePort();
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [PROGRAM, "up", "--url", url, "--port", String(port), "--tasks", TASKS, "--quiet"],
    { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, ISSUE_BOOK: ":memory:" } },
  );
  const ended = once(child, "exit");
  try {
    while (!(await isReady(port))) {
      if (child.exitCode !== null || performance.now() - began > PATIENCE_MS) {
        throw new NotVerified(`longshore up was not ready; its exit code: ${child.exitCode}`);
      }
      await sleep(ASK_EVERY_MS);
    }
    return { ms: performance.now() - began, cpuMs: cpuOf(child.pid) };
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
}

/** CPU time of a process so far, in milliseconds, from the clock ticks that Linux counts: a hundred a second. */
function cpuOf(pid: number | undefined): number | null {
  try {
    const [, ticks = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
    const [user = Number.NaN, system = Number.NaN] = ticks.split(" ").slice(11, 13).map(Number);
    return (user + system) * 10;
  } catch {
    return null;
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
