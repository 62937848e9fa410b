// Requests of the typed client: what is sent, how it goes when the network or the server fails, and that it ends in time.
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { connect, task, type Longshore } from "longshore";
import { connectHttp, HttpProblem } from "longshore/http";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.js";
import { answering } from "./answering.js";
import { served } from "./served.js";

let longshore: Longshore;

beforeEach(async () => {
  longshore = await connect("memory:");
});

afterEach(() => longshore.close());

async function proxyTo(port: number): Promise<{ proxy: TcpProxy; url: string }> {
  const proxy = await startTcpProxy(port);
  onTestFinished(() => proxy.stop());
  return { proxy, url: `http://127.0.0.1:${proxy.port}` };
}

onEveryEngine("an enqueue whose answer is lost after the server acted", (storage) => {
  it("is sent again, and makes one job", async () => {
    const connection = await storage.connect();
    const { port } = await served(connection);
    const { proxy, url } = await proxyTo(port);
    const client = connectHttp(url, { retries: 3 });
    proxy.loseAnswers(2);
    const job = await client.enqueue("t", { n: 1 }, { unique: { key: "k", onConflict: "reject" } });
    expect(proxy.cuts).toBe(2);
    const { jobs } = await connection.jobs().page();
    expect(jobs.map(({ id }) => id)).toEqual([job.id]);
    proxy.loseAnswers(1);
    const several = await client.enqueueAll([{ task: "a" }, { task: "b" }]);
    expect((await connection.jobs().page()).jobs).toHaveLength(3);
    expect(several.map(({ queue }) => queue)).toEqual(["default", "default"]);
  });
});

describe("a request that fails on its way", () => {
  it("is sent again when it is a read, and a command is not", async () => {
    const { port } = await served(longshore);
    const { proxy, url } = await proxyTo(port);
    const job = await longshore.enqueue("t");
    const client = connectHttp(url);
    proxy.loseAnswers(2);
    expect(await client.job(job.id).refresh()).toMatchObject({ state: "queued" });
    proxy.loseAnswers(1);
    await expect(client.job(job.id).cancel()).rejects.toMatchObject({ name: "HttpUnreachable", code: "UNREACHABLE" });
    expect((await job.refresh()).state).toBe("cancelled");
  });

  it("is given up after as many repetitions as the client is allowed", async () => {
    const { port } = await served(longshore);
    const { proxy, url } = await proxyTo(port);
    proxy.loseAnswers(9);
    await expect(connectHttp(url, { retries: 1 }).enqueue("t")).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect(proxy.cuts).toBe(2);
  });

  it("is waited through by one that waits for a result", async () => {
    const { port } = await served(longshore);
    const { proxy, url } = await proxyTo(port);
    const job = await connectHttp(url).enqueue("double", 21, { queue: "q" });
    proxy.mode = "refuse";
    const connections = proxy.connections;
    const result = connectHttp(url, { retries: 0 }).job(job.id).result();
    await expect.poll(() => proxy.connections).toBeGreaterThan(connections + 1);
    proxy.mode = "pass";
    longshore.worker([task("double", { queue: "q" }, ({ input }) => Number(input) * 2)]);
    expect(await result).toBe(42);
  });
});

describe("a server that is busy", () => {
  it("is asked again after the time that it says, also for a command that it has not begun", async () => {
    let asked = 0;
    const { url, requests } = await answering((_request, response) => {
      asked += 1;
      if (asked === 1) response.writeHead(429, { "retry-after": "0" }).end('{"code":"RATE_LIMITED","detail":"later"}');
      else if (asked === 2) response.end('{"jobId":"a","queue":"q","state":"cancelled"}');
      else response.writeHead(503, { "retry-after": "3600" }).end('{"code":"ENGINE_UNAVAILABLE","detail":"down"}');
    });
    const job = connectHttp(url).job("a");
    expect(await job.cancel()).toBe("cancelled");
    expect(requests).toHaveLength(2);
    const error = await job.refresh().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 503, code: "ENGINE_UNAVAILABLE", retryAfter: 3_600_000, message: "down" });
    expect(requests).toHaveLength(3);
  });

  it("that refused a command with 503 may have done it: it is not sent again", async () => {
    const { url, requests } = await answering((_request, response) => {
      response.writeHead(503, { "retry-after": "0" }).end('{"code":"ENGINE_UNAVAILABLE","detail":"down"}');
    });
    await expect(connectHttp(url).job("a").cancel()).rejects.toMatchObject({ status: 503 });
    expect(requests).toHaveLength(1);
    await expect(connectHttp(url).job("a").refresh()).rejects.toMatchObject({ status: 503 });
    expect(requests).toHaveLength(4);
  });
});

describe("what is sent", () => {
  it("has the token in a header, asked for each time, and nothing of it in the address", async () => {
    const { url, requests } = await answering((_request, response) => response.end('{"jobs":[],"cursor":null}'));
    let asked = 0;
    const token = (): string => `secret${(asked += 1)}`;
    const client = connectHttp(`${url}/admin/jobs/`, { token, headers: { "x-app": "shop" } });
    await client.jobs({ queues: ["a", "b"] }).page();
    await client.jobs().page();
    expect(requests.map(({ url: path }) => path)).toEqual([
      "/admin/jobs/api/jobs?queues=a&queues=b",
      "/admin/jobs/api/jobs",
    ]);
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer secret1", "Bearer secret2"]);
    expect(requests[0]?.headers["x-app"]).toBe("shop");
  });

  it("has ids as one part of the path", async () => {
    const { url, requests } = await answering((_request, response) => response.end("{}"));
    await connectHttp(url).job("../a?b").refresh();
    expect(requests[0]?.url).toBe("/api/jobs/..%2Fa%3Fb");
  });

  it("has another key each time, and the caller's own where there is one", async () => {
    const { client } = await served(longshore);
    await client.enqueue("t");
    await client.enqueue("t");
    expect((await longshore.jobs().page()).jobs).toHaveLength(2);
    const first = await client.enqueue("t", 1, {}, { idempotencyKey: "order 7" });
    const second = await client.enqueue("t", 1, {}, { idempotencyKey: "order 7" });
    expect(second).toMatchObject({ id: first.id, outcome: "created" });
    const other = client.enqueue("t", 2, {}, { idempotencyKey: "order 7" });
    await expect(other).rejects.toMatchObject({ status: 422, code: "IDEMPOTENCY_KEY_REUSED" });
  });
});

describe("an answer", () => {
  it("that is a problem says status, code, field and rule", async () => {
    const { client } = await served(longshore);
    const error = await client
      .jobs({ idPrefix: "" })
      .page()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HttpProblem);
    expect(error).toMatchObject({
      name: "HttpProblem",
      status: 400,
      code: "INVALID_INPUT",
      field: "idPrefix",
      rule: "1 to 256 characters",
      retryAfter: null,
      problem: { in: "query" },
    });
  });

  it.each([
    [200, "<!doctype html>"],
    [404, "<!doctype html>"],
    [500, ""],
    [500, "[]"],
  ])("that is none of the API's is told apart: %i %s", async (status, body) => {
    const { url } = await answering((_request, response) => response.writeHead(status).end(body));
    const error = await connectHttp(url)
      .jobs({})
      .page()
      .catch((thrown: unknown) => thrown);
    // Nothing at all is an answer that says nothing.
    expect(error).toMatchObject({ name: "HttpProblem", status, code: "NO_API_ANSWER" });
  });
});

describe("a call ends", () => {
  it("when its time is up, though the server says nothing, also in the middle of an answer", async () => {
    const { url } = await answering((request, response) => {
      if (request.url?.endsWith("/logs")) response.write('{"lines":');
    });
    let asked = 0;
    const counting: typeof fetch = (input, init) => {
      asked += 1;
      return fetch(input, init);
    };
    const client = connectHttp(url, { timeout: 20, retries: 1, fetch: counting });
    await expect(client.job("a").refresh()).rejects.toMatchObject({ name: "HttpTimeout", code: "TIMEOUT" });
    expect(asked).toBe(2);
    await expect(client.job("a").logs()).rejects.toMatchObject({ name: "HttpTimeout" });
    expect(asked).toBe(4);
    await expect(client.job("a").cancel({ timeout: "10ms" })).rejects.toMatchObject({ name: "HttpTimeout" });
    expect(asked).toBe(5);
  });

  it("when its signal aborts, with the signal's reason, whatever it does just then", async () => {
    const { url } = await answering(() => undefined);
    const client = connectHttp(url);
    const reason = new Error("the page was left");
    const aborted = AbortSignal.abort(reason);
    await expect(client.job("a").refresh({ signal: aborted })).rejects.toBe(reason);
    const later = new AbortController();
    const calls = [
      client.job("a").refresh({ signal: later.signal }),
      client.enqueue("t", null, {}, { signal: later.signal }),
      client.job("a").result({ signal: later.signal }),
      client.jobs({}, { signal: later.signal }).page(),
    ].map((call) => call.catch((thrown: unknown) => thrown));
    later.abort(reason);
    expect(await Promise.all(calls)).toEqual([reason, reason, reason, reason]);
  });

  it("when its signal aborts between two requests", async () => {
    const { url, requests } = await answering((request) => request.socket.destroy());
    const client = connectHttp(url);
    const leaving = new AbortController();
    const result = client.job("a").result({ signal: leaving.signal });
    await expect.poll(() => requests.length).toBe(2);
    leaving.abort();
    await expect(result).rejects.toBe(leaving.signal.reason);
  });

  it("when the result was not there in time", async () => {
    const { client } = await served(longshore);
    const job = await client.enqueue("t");
    await expect(job.result({ timeout: 20 })).rejects.toMatchObject({ name: "HttpTimeout" });
    expect((await longshore.jobs().page()).jobs).toMatchObject([{ state: "queued" }]);
  });
});

describe("what is wrong with the client itself", () => {
  it.each([
    ["no address", () => connectHttp("jobs.example"), "url"],
    ["an address of another kind", () => connectHttp("redis://localhost"), "url"],
    ["a password in the address", () => connectHttp("http://a:b@localhost"), "url"],
    ["a misspelt option", () => connectHttp("http://localhost", { timeouts: 1 } as object), "timeouts"],
    ["no time", () => connectHttp("http://localhost", { timeout: 0 }), "timeout"],
    ["a time without a unit", () => connectHttp("http://localhost", { timeout: "30" as "30s" }), "timeout"],
  ])("is said at once: %s", (_what, make, field) => {
    expect(make).toThrow(expect.objectContaining({ name: "HttpInvalid", code: "INVALID_INPUT", field }));
  });

  it.each(["", ".", "..", "\ud800", undefined as never])("is said of a name that leads elsewhere: %j", async (id) => {
    const { url, requests } = await answering((_request, response) => response.end("{}"));
    const client = connectHttp(url);
    const wrong = expect.objectContaining({ name: "HttpInvalid", code: "INVALID_INPUT" });
    await expect(client.job(id).cancel()).rejects.toEqual(wrong);
    await expect(client.job(id).remove()).rejects.toEqual(wrong);
    await expect(client.queue(id).pause()).rejects.toEqual(wrong);
    await expect(client.job(id).events()[Symbol.asyncIterator]().next()).rejects.toEqual(wrong);
    expect(requests).toEqual([]);
  });
});
