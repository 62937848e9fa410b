import { expect, test } from "vitest";
import { Program } from "../../bench/systems/program.js";

/** A program of one line that says `ready` at once and echoes requests. */
function running(script: string, failed?: (error: Error) => void): Program {
  const echo = `console.log("ready"); process.stdin.on("data", (text) => process.stdout.write(text)); ${script}`;
  return new Program([process.execPath, "-e", echo], {}, failed === undefined ? {} : { failed });
}

test("it answers in order and ends when asked to, which is no failure", async () => {
  const failures: Error[] = [];
  const program = running("", (error) => failures.push(error));
  await program.ready;
  expect(await Promise.all([program.ask({ do: "a" }), program.ask({ do: "b" })])).toEqual([{ do: "a" }, { do: "b" }]);
  await program.end();
  expect(failures).toEqual([]);
});

test("one that ends by itself fails at once, with the end of what it wrote to its standard error", async () => {
  const failure = await new Promise<Error>((resolve) => {
    running('console.error("no such queue"); process.exit(3);', resolve);
  });
  expect(failure.message).toMatch(/ended \(3\): no such queue$/);
});

test("requests to one that has ended fail at once", async () => {
  const program = running('process.stdin.once("data", () => process.exit(1));');
  await program.ready;
  const first = program.ask({ do: "a" }).then(() => program.ask({ do: "b" }));
  await expect(first).rejects.toThrow(/ended \(1\)/);
  await expect(program.ask({ do: "c" })).rejects.toThrow(/ended \(1\)/);
});

test("a program that is not there is a failure as well", async () => {
  const program = new Program(["no-such-program-here"], {});
  await expect(program.ready).rejects.toThrow("ENOENT");
});
