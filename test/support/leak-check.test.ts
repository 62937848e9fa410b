import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Runs each of these test bodies in a file of its own, under the leak check; answers what failed each file. */
async function runFiles(bodies: Record<string, string>): Promise<Record<string, string>> {
  mkdirSync(join(root, "build"), { recursive: true });
  const folder = mkdtempSync(join(root, "build/leak-check-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const setupFiles = [join(root, "test/support/leak-check.ts")];
  const config = { test: { pool: "forks", maxWorkers: Object.keys(bodies).length, setupFiles } };
  writeFileSync(join(folder, "vitest.config.mjs"), `export default ${JSON.stringify(config)};`);
  for (const [name, body] of Object.entries(bodies)) {
    const code = `import { test } from "vitest";\ntest("leaves something behind or not", async () => { ${body} });`;
    writeFileSync(join(folder, `${name}.test.mjs`), code);
  }
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const child = spawn(process.execPath, [vitest, "run", "--root", folder, "--reporter=json"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [report] = await Promise.all([text(child.stdout), once(child, "exit")]);
  const { testResults } = JSON.parse(report) as { testResults: { name: string; message: string }[] };
  return Object.fromEntries(
    testResults.map(({ name, message }) => [name.replace(/^.*\/(.*)\.test\.mjs$/, "$1"), message]),
  );
}

test("a test file that leaves something open fails and says what", async () => {
  const failures = await runFiles({
    clean: `const { createServer } = await import("node:net");
      const server = createServer().listen(0, "127.0.0.1");
      setTimeout(() => server.close(), 50);`,
    timer: "setInterval(() => {}, 1000);",
    server: `(await import("node:net")).createServer().listen(0, "127.0.0.1");`,
    process: `(await import("node:child_process")).spawn("cat");`,
    thread: `const { Worker } = await import("node:worker_threads");
      new Worker("setInterval(() => {}, 1000)", { eval: true });`,
  });
  expect(failures).toEqual({
    clean: "",
    timer: expect.stringContaining("left open: 1 × Timeout"),
    server: expect.stringContaining("left open: 1 × TCPServerWrap"),
    process: expect.stringContaining("1 × ProcessWrap"),
    thread: expect.stringContaining("left open: 1 × Thread"),
  });
});
