// Workers that die with children at work: nothing of them is left.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventually, folder, lives } from "./child-fixture.js";

const program = fileURLToPath(new URL("../../../build/test/programs/children.js", import.meta.url));

/** A worker process that runs these jobs, and the processes of the jobs. */
async function start(...jobs: readonly [name: string, input: object][]): Promise<[ChildProcess, number[]]> {
  const worker = spawn(process.execPath, [program, folder, JSON.stringify(jobs)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void worker.kill("SIGKILL"));
  const pids: number[] = [];
  for await (const line of createInterface({ input: worker.stdout })) {
    if (line === "ready") break;
    const { pid, grandchild } = JSON.parse(line) as { pid: number; grandchild?: number };
    pids.push(pid, ...(grandchild === undefined ? [] : [grandchild]));
  }
  return [worker, pids];
}

/** The processes that a process has started and that live. */
function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
  return stdout
    .split("\n")
    .map(Number)
    .filter((child) => child > 0 && lives(child));
}

/** The guard's program in a worker's place: its standard input is what the worker has sent before it was killed. */
const guardProgram = fileURLToPath(new URL("../../../dist/worker/runners/orphan-guard-main.js", import.meta.url));

describe("the orphan guard", () => {
  it("kills the children it was started with, though its worker was killed before it sent a line", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "ignore" });
    onTestFinished(() => void child.kill("SIGKILL"));
    const pid = child.pid ?? 0;

    spawnSync(process.execPath, [guardProgram, `${pid} no-mark`], { input: "" });

    await eventually(
      () => lives(pid),
      (living) => !living,
    );
    expect(lives(pid)).toBe(false);
  });
});

describe("a worker that is killed", () => {
  it.each([
    ["a handler that waits", ["breed", {}]],
    ["what it started in another group", ["breed", { detached: true }]],
    ["a handler that never lets go of the CPU", ["spin", {}]],
    ["what such a handler started in another group", ["breed", { detached: true, spins: true }]],
  ] as const)("leaves nothing: %s", async (_what, [name, input]) => {
    const [worker, pids] = await start([name, input]);
    // The child of the job, and the orphan guard.
    const children = await eventually(
      () => childrenOf(worker.pid ?? 0),
      ({ length }) => length === 2,
    );
    expect(pids.filter((pid) => lives(pid))).toEqual(pids);
    worker.kill("SIGKILL");

    await eventually(
      () => [...children, ...pids].filter((pid) => lives(pid)),
      (living) => living.length === 0,
    );
  });

  it("leaves nothing though its orphan guard was killed before", async () => {
    const [worker, pids] = await start(["spin", {}]);
    const guardians = (): number[] => childrenOf(worker.pid ?? 0).filter((pid) => !pids.includes(pid));
    const [first] = await eventually(guardians, ({ length }) => length === 1);
    // One that dies within its first second is not replaced.
    await sleep(1_500);
    process.kill(first ?? 0, "SIGKILL");
    const [second] = await eventually(guardians, ([pid]) => pid !== undefined && pid !== first);
    worker.kill("SIGKILL");

    const left = await eventually(
      () => [second ?? 0, ...pids].filter((pid) => lives(pid)),
      (living) => living.length === 0,
    );
    expect(left).toEqual([]);
  });
});
