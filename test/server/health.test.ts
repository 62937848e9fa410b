// The two routes for load balancers: they say whether, never why, and need no token.
import { expect, it } from "vitest";
import { task } from "longshore";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";
import { apiOf } from "./api.js";

onEveryEngine("the health routes", (storage) => {
  it("are ready while the engine can be written to and the workers go on", async () => {
    const longshore = await storage.connect();
    const logged: string[] = [];
    const call = apiOf(longshore, { log: (_level, message) => logged.push(message) });
    const worker = longshore.worker([task("t", () => 1)]);
    await expect.poll(async () => (await call("GET /readyz")).body).toEqual({ status: "ready" });
    expect((await call("GET /healthz")).body).toEqual({ status: "ok" });
    await worker.stop();
    expect((await call("GET /readyz")).body).toEqual({ status: "ready" });
    logged.length = 0;
    await longshore.close();
    expect(await call("GET /readyz")).toMatchObject({ status: 503, body: { status: "not ready" } });
    expect(await call("GET /healthz")).toMatchObject({ status: 200 });
    expect(logged).toEqual(["Not ready"]);
  });

  it.each([
    ["says no", async () => false],
    ["fails", () => Promise.reject(new Error("gone"))],
  ])("are not while what the server was given to ask %s, and the log says that it is this", async (_answer, ready) => {
    const longshore = await storage.connect();
    const logged: unknown[] = [];
    const call = apiOf(longshore, { ready, log: (_level, message, fields) => logged.push([message, fields]) });
    logged.length = 0;
    expect(await call("GET /readyz")).toMatchObject({ status: 503, body: { status: "not ready" } });
    expect(logged).toMatchObject([["Not ready", { failed: [{ name: "workers beside the server", ok: false }] }]]);
  });
});
