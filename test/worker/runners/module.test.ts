// Which code a task may name, and which of it a worker loads.
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { connect, InvalidInput, module, task, type RunnerKind, type TaskOptions } from "longshore";
import { folder } from "./child-fixture.js";

describe("a reference to a module", () => {
  it.each([
    ["./tasks/analysis.js#run", "./tasks/analysis.js", "run"],
    ["tasks/analysis.mjs#run_analysis", "tasks/analysis.mjs", "run_analysis"],
    ["./analysis.ts", "./analysis.ts", "default"],
    ["./a b/ü.cjs#$größe", "./a b/ü.cjs", "$größe"],
    ["./..a/b..js#c", "./..a/b..js", "c"],
  ])("is %s", (reference, path, name) => {
    expect(module(reference)).toMatchObject({ path, export: name });
  });

  it.each([
    ["../secrets.js#run", ".."],
    ["./tasks/../../secrets.js#run", ".."],
    ["./tasks/..#run", ".."],
    ["/etc/passwd.js#run", "absolute"],
    ["//host/share.js#run", "absolute"],
    ["C:/tasks.js#run", "scheme"],
    ["\\\\host\\tasks.js#run", "backslash"],
    ["..\\tasks.js#run", "backslash"],
    ["node:fs#readFileSync", "scheme"],
    ["node:child_process.js#exec", "scheme"],
    ["file:///tmp/tasks.js#run", "scheme"],
    ["https://example.org/tasks.js#run", "scheme"],
    ["data:text/javascript,export default 1.js#run", "scheme"],
    ["./tasks.js?x=1#run", "relative path"],
    ["./%2e%2e/tasks.js#run", "relative path"],
    ["./tasks\0.js#run", "control character"],
    ["./tasks\n.js#run", "control character"],
    ["./tasks//a.js#run", "empty"],
    ["./././tasks.js#run", "empty or ."],
    ["fs#readFileSync", "ends in"],
    ["./tasks/analysis#run", "ends in"],
    ["./tasks.json#run", "ends in"],
    ["./native.node#run", "ends in"],
    ["./node_modules/left-pad/index.js#run", "installed package"],
    ["./tasks.js#", "export"],
    ["./tasks.js#a.b", "export"],
    ["./tasks.js#a#b", "export"],
    ["./tasks.js#__proto__()", "export"],
    ["#run", "such as"],
    ["", "such as"],
    [`./${"a".repeat(500)}.js#run`, "such as"],
    [7 as unknown as string, "such as"],
    [undefined as unknown as string, "such as"],
  ])("is not %j", (reference, rule) => {
    expect(() => module(reference)).toThrow(InvalidInput);
    expect(() => module(reference)).toThrow(rule);
  });
});

describe("a task", () => {
  it.each(["thread", "process"] as const)("for a %s is refused with a function for a handler", (runner) => {
    const outer = 1;
    function nested(): number {
      return outer;
    }
    expect(() => task("closure", { runner }, () => outer)).toThrow("[a function]");
    expect(() => task("nested", { runner }, nested)).toThrow(
      `handler: "[function nested]" is not allowed: a function cannot be sent to a ${runner}`,
    );
    expect(() => task("nested", { runner }, nested)).toThrow('module("./tasks/analysis.js#run")');
  });

  it("for a process is refused with a function given to its worker, too", async () => {
    const longshore = await connect("memory:");
    onTestFinished(() => longshore.close());
    const bare = task("bare", { runner: "process" });
    const worker = longshore.worker([bare], { tasksRoots: [folder] });

    expect(() => worker.handle(bare, () => 1)).toThrow("a function cannot be sent to a process");
    worker.handle(bare, module("./handlers.mjs#who"));
    expect(await (await longshore.enqueue(bare, null)).result()).toMatch(/^process \d+$/);
  });

  it.each<[string, TaskOptions, string]>([
    ["a runner that is none", { runner: "fork" as RunnerKind }, "runner"],
    ["too little memory", { runner: "process", maxMemory: "1MB" }, "at least 128MB"],
    ["memory without a unit", { runner: "process", maxMemory: "512" as "512MB" }, "maxMemory"],
    ["bounds on inline handlers", { maxMemory: "512MB" }, 'only beside runner: "thread" or "process"'],
    ["fresh inline code", { fresh: true }, 'only beside runner: "thread" or "process"'],
    ["children that run nothing", { runner: "thread", maxJobsPerChild: 0 }, "maxJobsPerChild"],
    ["a grace that is no duration", { runner: "thread", killGrace: "soon" as "5s" }, "killGrace"],
    ["freshness that is no flag", { runner: "thread", fresh: "yes" as unknown as boolean }, "fresh"],
  ])("is refused with %s", (_what, options, rule) => {
    expect(() => task("wrong", options)).toThrow(InvalidInput);
    expect(() => task("wrong", options)).toThrow(rule);
  });

  it("is refused with a handler that is neither", () => {
    expect(() => task("wrong", {}, "./tasks.js#run" as never)).toThrow('or module("./file.js#export")');
  });
});

/** A root with a module, beside it one that is outside. */
async function roots(): Promise<{ root: string; outside: string }> {
  const place = await mkdtemp(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-roots-`));
  onTestFinished(() => rm(place, { recursive: true, force: true }));
  const [root, outside] = [join(place, "root"), join(place, "root-outside")];
  for (const path of [root, outside]) {
    await mkdir(path);
    await writeFile(join(path, "a.mjs"), `export const run = () => ${JSON.stringify(path.split("/").at(-1))};`);
  }
  return { root, outside };
}

describe.each(["inline", "thread", "process"] as const)("a worker whose tasks are modules (%s)", (runner) => {
  async function fate(reference: string, tasksRoots: readonly string[]) {
    const longshore = await connect("memory:");
    onTestFinished(() => longshore.close());
    const tried = task("tried", { runner, attempts: 2, backoff: 1 }, module(reference));
    longshore.worker([tried], { tasksRoots, unknownTasks: 0 });
    const job = await longshore.enqueue(tried, null);
    await job.result().catch(() => {});
    return job.refresh();
  }

  it("looks in the first root first", async () => {
    const { root, outside } = await roots();

    expect(await fate("./a.mjs#run", [root, outside])).toMatchObject({ result: "root" });
    expect(await fate("./a.mjs#run", [outside, root])).toMatchObject({ result: "root-outside" });
  });

  it("follows links inside of a root", async () => {
    const { root } = await roots();
    await symlink("a.mjs", join(root, "b.mjs"));

    expect(await fate("./b.mjs#run", [root])).toMatchObject({ result: "root" });
  });

  it("follows no link out of it, to a file or through a folder", async () => {
    const { root, outside } = await roots();
    await symlink(join(outside, "a.mjs"), join(root, "link.mjs"));
    await symlink(outside, join(root, "folder"));

    for (const reference of ["./link.mjs#run", "./folder/a.mjs#run"]) {
      expect(await fate(reference, [root])).toMatchObject({
        state: "failed",
        attempt: 1,
        error: { name: "ModuleRefused", code: "MODULE_REFUSED" },
      });
    }
    // With the other folder among the roots it is allowed.
    expect(await fate("./link.mjs#run", [root, outside])).toMatchObject({ result: "root-outside" });
  });

  it("says what it tried when there is no such file", async () => {
    const { root, outside } = await roots();
    const { error } = await fate("./none.js#run", [root, outside]);

    expect(error?.code).toBe("MODULE_NOT_FOUND");
    for (const path of [root, outside].flatMap((path) => [join(path, "none.js"), join(path, "none.ts")])) {
      expect(error?.message).toContain(path);
    }
  });

  it("says what a module exports when the handler is not among it", async () => {
    const { root } = await roots();

    expect((await fate("./a.mjs#walk", [root])).error?.message).toContain("it exports run");
    expect((await fate("./handlers.mjs#notCode", [folder])).error?.message).toContain("is no handler");
  });

  it("fails the attempt with what the module throws when it is imported", async () => {
    const { root } = await roots();
    await writeFile(join(root, "broken.mjs"), `import "./missing.mjs"; export const run = 1;`);

    expect((await fate("./broken.mjs#run", [root])).error).toMatchObject({ code: "ERR_MODULE_NOT_FOUND" });
  });

  it("takes no name of a job for a module", async () => {
    const longshore = await connect("memory:");
    onTestFinished(() => longshore.close());
    longshore.worker([task("who", { runner, queue: "default" }, module("./handlers.mjs#who"))], {
      tasksRoots: [folder],
      unknownTasks: 0,
    });
    for (const name of ["handlers.mjs", "constructor", "__proto__", "node:fs", "toString"]) {
      const job = await longshore.enqueue(name, null, { attempts: 1 });
      await expect(job.result()).rejects.toThrow("no handler for task");
    }
  });
});

describe("the roots of a worker", () => {
  it.each([[[]], [["./no-such-folder"]], [[7]], ["."], [["package.json"]]])("are not %j", async (tasksRoots) => {
    const longshore = await connect("memory:");
    onTestFinished(() => longshore.close());

    expect(() => longshore.worker([task("any")], { tasksRoots: tasksRoots as string[] })).toThrow("tasksRoots");
  });
});
