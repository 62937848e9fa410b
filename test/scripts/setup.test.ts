import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";

const setup = new URL("../../scripts/setup.mjs", import.meta.url).href;

/** Runs a program through runNode() in a process of its own, and answers once the program says that it is up. */
async function wrap(program: string): Promise<{ wrapper: ChildProcess; printed: () => string }> {
  const code = `const { runNode } = await import(${JSON.stringify(setup)});
    process.exitCode = await runNode(["--eval", ${JSON.stringify(program)}]);`;
  const wrapper = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => {
    wrapper.kill("SIGKILL");
  });
  let printed = "";
  wrapper.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  await once(wrapper.stdout, "data");
  return { wrapper, printed: () => printed };
}

test("a program's exit code is passed on", async () => {
  const { wrapper } = await wrap(`console.log("up"); process.exitCode = 7;`);
  expect(await once(wrapper, "close")).toEqual([7, null]);
});

test("a program that a signal ended gives 128 and the signal's number", async () => {
  const { wrapper } = await wrap(`console.log("up"); setInterval(() => {}, 1000);`);
  wrapper.kill("SIGTERM");
  expect(await once(wrapper, "close")).toEqual([143, null]);
});

test("the same signal twice at once, as from a terminal and from npm, reaches the program once", async () => {
  const { wrapper, printed } = await wrap(`
    let signals = 0;
    process.on("SIGINT", () => {
      if (++signals === 1) setTimeout(() => process.exit(signals), 200);
    });
    setInterval(() => {}, 1000);
    console.log("up");`);
  wrapper.kill("SIGINT");
  // Two signals sent in the same instant may arrive as one.
  await sleep(20);
  wrapper.kill("SIGINT");
  expect(await once(wrapper, "close")).toEqual([1, null]);
  expect(printed()).toBe("up\n");
});
