// Servers of several processes on one store: one token, one sign-in, and one end of both.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { connect, type Target } from "longshore";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { emptyFolder, longshore, removeFolder } from "./command.js";
import { flagsFor, Serving } from "./server-command.js";

let folder = "";

beforeAll(async () => {
  folder = await emptyFolder();
});
afterAll(() => removeFolder(folder));

const targets: Record<string, () => Target> = {
  sqlite: () => ({ engine: "sqlite", path: join(folder, "jobs.db") }),
  redis: () => ({ engine: "redis", url: inject("redisUrl"), prefix: `t${randomBytes(6).toString("hex")}` }),
};

const statusOf = async (server: Serving, headers: Record<string, string>): Promise<number> =>
  (await server.get("/api/jobs", headers)).status;

test.each(Object.keys(targets))(
  "two servers on %s accept each other's sessions, and see what was revoked",
  async (name) => {
    const target = targets[name]?.() ?? "memory:";
    const flags = flagsFor(target as Target);
    const made = await longshore(["token", "create", "ada", "--scopes", "operate", ...flags]);
    const token = made.stdout.trim();
    expect(token).toMatch(/^lst_/);
    const [one, two] = [0, 1].map(() => new Serving(["dashboard", "--host", "0.0.0.0", "--port", "0", ...flags]));
    if (one === undefined || two === undefined) throw new Error("there are two");

    expect(await statusOf(one, {})).toBe(401);
    expect(one.said(/No token is needed/)).toEqual([]);
    const signedIn = await fetch(`${await one.url()}/api/session`, {
      ...{ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ token }) },
    });
    const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    for (const server of [one, two]) {
      expect(await statusOf(server, { cookie })).toBe(200);
      expect(await statusOf(server, { authorization: `Bearer ${token}` })).toBe(200);
    }

    const revoked = await longshore(["token", "revoke", "ada", ...flags]);
    expect(revoked).toMatchObject({ code: 0, stdout: "Revoked token ada\n" });
    for (const server of [one, two]) {
      await expect.poll(() => statusOf(server, { cookie })).toBe(401);
      expect(await statusOf(server, { authorization: `Bearer ${token}` })).toBe(401);
    }
    const connection = await connect(target);
    for (const kind of ["secrets", "tokens", "token-uses"])
      await connection.platformDocuments(`longshore:${kind}`).clear();
    await connection.close();
  },
);
