// What a server takes from the process around it while it goes on: its tasks, and whether others are ready.
import { connect, InvalidInput, task, type Longshore } from "longshore";
import { createServer } from "longshore/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { apiOf } from "./api.js";

let longshore: Longshore;
beforeAll(async () => {
  longshore = await connect("memory:");
});
afterAll(() => longshore.close());

const scan = (field: string, queue: string) => task("scan", { queue, input: z.object({ [field]: z.string() }) });

test("replaced tasks hold for the next job: their schema, queue and options, and no other tasks", async () => {
  const server = createServer(longshore, {
    open: true,
    tasks: [scan("url", "before"), task("mail", { queue: "mail" })],
  });
  const post = async (body: unknown): Promise<[number, unknown]> => {
    const headers = { "content-type": "application/json" };
    const request = new Request("http://localhost/api/jobs", { method: "POST", headers, body: JSON.stringify(body) });
    const response = await server.fetch(request);
    return [response.status, await response.json()];
  };
  expect(await post({ task: "scan", input: { url: "a" } })).toMatchObject([202, { queue: "before" }]);
  server.replaceTasks([scan("page", "after")]);
  expect(await post({ task: "scan", input: { url: "a" } })).toMatchObject([400, { field: "input.page" }]);
  expect(await post({ task: "scan", input: { page: "a" } })).toMatchObject([202, { queue: "after" }]);
  expect(await post({ task: "mail", input: {} })).toMatchObject([202, { queue: "default" }]);
});

test("tasks that are none are refused, and those before are kept", () => {
  const server = createServer(longshore, { open: true });
  expect(() => server.replaceTasks([{ name: "scan" } as never])).toThrow(InvalidInput);
});

test("readyz is 503 while what the server was made to ask is not ready, or fails; healthz is not asked", async () => {
  let answer: Promise<boolean> = Promise.resolve(false);
  const api = apiOf(longshore, { ready: () => answer });
  expect(await api("GET /readyz")).toMatchObject({ status: 503 });
  expect(await api("GET /healthz")).toMatchObject({ status: 200 });
  answer = Promise.resolve(true);
  expect(await api("GET /readyz")).toMatchObject({ status: 200 });
  answer = Promise.reject(new Error("gone"));
  expect(await api("GET /readyz")).toMatchObject({ status: 503 });
});

test("ready must be a function", () => {
  expect(() => createServer(longshore, { open: true, ready: true as never })).toThrow(/ready: true/);
});
