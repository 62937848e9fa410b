// The options of a server: what would make it another than meant is refused when it is made, with the name of the option.
import { expect, it } from "vitest";
import { attach, task, type Longshore } from "longshore";
import { createServer, type ServerOptions } from "longshore/server";
import { MemoryEngine } from "../../src/engine/memory/engine.js";

const longshore = attach(new MemoryEngine());
const scan = task("scan", {}, () => {});
const refusalOf = (field: string): Error => expect.objectContaining({ code: "INVALID_INPUT", field });

it.each<[string, Record<string, unknown>, string]>([
  ["no tasks", { tasks: null }, "tasks"],
  ["one task for a list", { tasks: scan }, "tasks"],
  ["a task that only has a name", { tasks: [{ name: "scan" }] }, "tasks[0]"],
  ["a task that only looks like one", { tasks: [scan, { name: "mail", schema: 1 }] }, "tasks[1]"],
  ["two tasks of one name", { tasks: [scan, task("scan", {}, () => {})] }, "tasks[1].name"],
  ["no path", { basePath: null }, "basePath"],
  ["a path that is relative", { basePath: "admin" }, "basePath"],
  ["a path that leaves itself", { basePath: "/x/../y" }, "basePath"],
  ["a path of a dot", { basePath: "/." }, "basePath"],
  ["a path with a query", { basePath: "/x?y" }, "basePath"],
  ["a path with two slashes", { basePath: "/x//y" }, "basePath"],
  ["a proxy by its name", { trustProxy: "nginx" }, "trustProxy"],
  ["a clock that is a time", { clock: 5 }, "clock"],
  ["no clock", { clock: null }, "clock"],
  ["a clock without a timer", { clock: { now: () => 0, monotonic: () => 0 } }, "clock"],
  ["caps that are a list", { sseClients: [] }, "sseClients"],
  ["caps that are a number", { longPolls: 5 }, "longPolls"],
  ["a cap of none", { sseClients: { process: 0 } }, "sseClients.process"],
  ["a cap of a part", { longPolls: { subject: 1.5 } }, "longPolls.subject"],
  ["a misspelt cap", { sseClients: { token: 1 } }, "sseClients.token"],
  ["a check that is an answer", { ready: true }, "ready"],
  ["a log that is an object", { log: console }, "log"],
  ["a profile that is a name", { profile: "s4" }, "profile"],
  ["a misspelt option", { basepath: "/x" }, "basepath"],
])("%s", (_what, options, field) => {
  expect(() => createServer(longshore, options)).toThrow(refusalOf(field));
});

it.each([undefined, null, "redis://db", {}, new MemoryEngine()])("%s is no connection", (value) => {
  expect(() => createServer(value as Longshore)).toThrow(refusalOf("longshore"));
});

it.each([null, [], "options", 5])("%j are no options", (value) => {
  expect(() => createServer(longshore, value as unknown as ServerOptions)).toThrow(refusalOf("options"));
});

it("what is undefined is as if it were not there", () => {
  const options = { tasks: undefined, basePath: undefined, clock: undefined, sseClients: { process: undefined } };
  expect(() => createServer(longshore, options as unknown as ServerOptions)).not.toThrow();
});

it.each<[unknown, string]>([
  [null, "options"],
  ["127.0.0.1:80", "options"],
  [{ hostname: "0.0.0.0" }, "hostname"],
  [{ host: "" }, "host"],
  [{ host: null }, "host"],
  [{ port: "80" }, "port"],
  [{ port: 65_536 }, "port"],
])("no server listens at %j", async (options, field) => {
  const server = createServer(longshore, { log: () => {} });
  await expect(server.listen(options as never)).rejects.toThrow(refusalOf(field));
});
