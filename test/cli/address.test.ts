// Addresses as they are written on the command line, and what is said when the system refuses one.
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { parseAddress, urlOf } from "../../src/cli/flags/address.js";
import { InvalidInput } from "../../src/model/errors/errors.js";
import { longshore, tasksFile } from "./command.js";

test.each([
  ["9182", "127.0.0.1", 9182, "http://127.0.0.1:9182"],
  ["0", "127.0.0.1", 0, "http://127.0.0.1:0"],
  ["0.0.0.0:9182", "0.0.0.0", 9182, "http://localhost:9182"],
  ["worker.internal:80", "worker.internal", 80, "http://worker.internal:80"],
  ["[::1]:9182", "::1", 9182, "http://[::1]:9182"],
  ["[::]:9182", "::", 9182, "http://localhost:9182"],
])("%s", (text, host, port, url) => {
  expect(parseAddress("--health", text)).toEqual({ host, port });
  expect(urlOf({ host, port })).toBe(url);
});

test.each(["", ":", ":9182", "host:", "65536", "-1", "9182x", "http://a:80", "::1:80", "[::1]", "[a]:80", "1:2:3"])(
  "%j is no address",
  (text) => {
    expect(() => parseAddress("--health", text)).toThrow(InvalidInput);
  },
);

test("--health at a port that is taken: worker and pool do not start, and say what to do", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  for (const command of ["worker", "pool"]) {
    const ended = await longshore([command, "--tasks", tasksFile, "--url", "sqlite:none.db", "--health", String(port)]);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toMatch(new RegExp(`^error: port ${port} of 127\\.0\\.0\\.1 is taken .*--health`));
  }
});

test("a mistake that keeps a worker from starting ends it, though it serves its health", async () => {
  const ended = await longshore(["worker", "--tasks", "none.js", "--url", "sqlite:none.db", "--health", "0"]);
  expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining("no task file none.js") });
});
