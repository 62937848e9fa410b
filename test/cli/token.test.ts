// `longshore token`, on a SQLite file.
import { join } from "node:path";
import { connect } from "longshore";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { emptyFolder, inProcess, removeFolder, type Ended } from "./command.js";

let folder = "";
let url = "";

beforeEach(async () => {
  folder = await emptyFolder();
  url = `sqlite:${join(folder, "jobs.db")}`;
});

afterEach(() => removeFolder(folder));

const run = (...args: string[]): Promise<Ended> => inProcess(["token", ...args, "--url", url]);

describe("longshore token create", () => {
  test("prints the secret alone, so that a script can take it, and says it is shown once", async () => {
    const { code, stdout, stderr } = await run("create", "shop", "--scopes", "read,enqueue:mail", "--tag", "app:7");
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^lst_[\w-]{43}\n$/) });
    expect(stderr).toMatch(/shop may read, enqueue:mail; keep it now/);
    const longshore = await connect(url);
    expect(await longshore.tokens.check(stdout.trim())).toMatchObject({ name: "shop", tag: "app:7" });
    await longshore.close();
  });

  test.each([
    ["--expires", "30d", 30 * 86_400_000],
    ["--expires", "2100-01-01T00:00:00Z", Date.UTC(2100, 0, 1) - Date.now()],
  ])("takes %s %s", async (flag, value, ahead) => {
    const { stdout } = await run("create", "shop", "--scopes", "read", flag, value, "--json");
    const { expiresAt, token } = JSON.parse(stdout) as { expiresAt: string; token: string };
    expect(token).toMatch(/^lst_/);
    expect(Math.abs(Date.parse(expiresAt) - Date.now() - ahead)).toBeLessThan(600_000);
  });

  test.each([
    [["create", "shop"], /scopes/],
    [["create", "shop", "--scopes", "write"], /scopes\[0\].*enqueue:QUEUE/],
    [["create", "my shop", "--scopes", "read"], /name: /],
    [["create", "shop", "--scopes", "read", "--expires", "soon"], /--expires: .*30d/],
    [["create", "shop", "--scopes", "read", "--expires", "2001-02-03"], /expiresAt: .*to come/],
    [["create", "shop", "--scopes", "read", "--tag", ""], /tag: /],
    [["create", "shop", "--scopes", ","], /--scopes/],
    [["shop"], /^error: token has no command shop, but create, list, revoke\n$/],
  ])("refuses %j", async (args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
  });

  test("refuses a name that is taken", async () => {
    await run("create", "shop", "--scopes", "read");
    const { code, stderr } = await run("create", "shop", "--scopes", "admin");
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/revoke the one that has it/) });
  });
});

describe("longshore token list and revoke", () => {
  test("list shows no secrets, and says when there are none", async () => {
    const { stdout: secret } = await run("create", "shop", "--scopes", "operate");
    const { stdout } = await run("list");
    expect(stdout).toMatch(/^NAME +SCOPES .*\nshop +operate .*never/);
    const { stdout: json } = await run("--json");
    expect(JSON.parse(json)).toMatchObject([{ name: "shop", scopes: ["operate"], tag: null, usedAt: null }]);
    expect(stdout + json).not.toContain(secret.trim());
    await run("revoke", "shop");
    expect((await run("list")).stderr).toMatch(/there are no tokens/);
  });

  test("revoke ends those that are there, and fails for those that are not", async () => {
    const { stdout: secret } = await run("create", "shop", "--scopes", "read");
    const { code, stdout, stderr } = await run("revoke", "nobody", "shop");
    expect({ code, stdout }).toEqual({ code: 3, stdout: "Revoked token shop\n" });
    expect(stderr).toMatch(/no token nobody/);
    const longshore = await connect(url);
    expect(await longshore.tokens.check(secret.trim())).toBeNull();
    await longshore.close();
  });
});
