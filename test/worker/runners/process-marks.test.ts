// Processes that carry a mark, where the system lists processes and where it does not.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { MARK } from "../../../src/worker/runners/channel/child-link.js";
import { killMarked } from "../../../src/worker/runners/process-marks.js";

it.skipIf(!existsSync("/proc/self/environ"))("are killed, and no others", async () => {
  const [marked, other] = ["a", "b"].map((name) => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], {
      env: { [MARK]: `${process.pid}-${name}` },
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child;
  });
  if (marked === undefined || other === undefined) throw new Error("no process");
  await Promise.all([once(marked, "spawn"), once(other, "spawn")]);
  const ended = once(marked, "exit");
  await killMarked(`${process.pid}-a`);
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect(other.exitCode ?? other.signalCode).toBeNull();
});

it("are left alone where the system does not list processes", async () => {
  await expect(killMarked("a mark", join(import.meta.dirname, "nowhere"))).resolves.toBeUndefined();
});
