// What callers give the typed client by mistake: each is refused with an error that names the field, the value and the rule, and nothing
// is sent.
import { describe, expect, it } from "vitest";
import { connectHttp, type HttpLongshore, type HttpOptions } from "longshore/http";

/** A client whose requests are counted, and its mistakes as a caller without types makes them. */
function counted(options: HttpOptions = {}): { client: HttpLongshore; loose: Loose; sent: () => number } {
  let requests = 0;
  const fetch: typeof globalThis.fetch = () => {
    requests += 1;
    return Promise.resolve(new Response("{}"));
  };
  const client = connectHttp("http://localhost", { fetch, retries: 0, ...options });
  return { client, loose: client as never, sent: () => requests };
}

/** Any method with any arguments. */
type Loose = Readonly<Record<string, (...args: unknown[]) => Loose & AsyncIterable<unknown> & PromiseLike<unknown>>>;

/** What a call throws, at once or later. */
async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    const made = call();
    await (typeof made === "object" && made !== null && Symbol.asyncIterator in made
      ? (made as AsyncIterable<unknown>)[Symbol.asyncIterator]().next()
      : made);
    return "nothing";
  } catch (error) {
    return error;
  }
}

const invalid = (field: string, message?: RegExp): unknown =>
  expect.objectContaining({
    ...{ name: "HttpInvalid", code: "INVALID_INPUT", field },
    message: expect.stringMatching(
      message ?? new RegExp(`^${field.replaceAll(/[[\].]/g, "\\$&")}: .* is not allowed: `),
    ),
  });

describe("an option of the client", () => {
  it.each<[string, unknown, string]>([
    ["nothing for options", null, "options"],
    ["a text for options", "token", "options"],
    ["a number for a token", { token: 5 }, "token"],
    ["a token that no header can carry", { token: "a\nb" }, "token"],
    ["a number for fetch", { fetch: 5 }, "fetch"],
    ["a number for headers", { headers: 5 }, "headers"],
    ["a number in headers", { headers: { "x-app": 5 } }, "headers.x-app"],
    ["two lines in headers", { headers: { "x-app": "a\r\nb: c" } }, "headers.x-app"],
    ["fewer retries than none", { retries: -1 }, "retries"],
    ["half a retry", { retries: 0.5 }, "retries"],
    ["retries as text", { retries: "2" }, "retries"],
    ["no time", { timeout: 0 }, "timeout"],
    ["no patience", { outage: "soon" }, "outage"],
    ["one that there is none of", { tokn: "a" }, "tokn"],
  ])("is refused: %s", async (_what, options, field) => {
    expect(await thrownBy(() => connectHttp("http://localhost", options as never))).toEqual(invalid(field));
  });

  it.each([undefined, null, 5, "jobs.example"])("is an address: %j is none", async (url) => {
    expect(await thrownBy(() => connectHttp(url as never))).toEqual(invalid("url"));
  });

  it("that is wrong is said with its value, but a secret is not", async () => {
    expect(await thrownBy(() => connectHttp("http://localhost", { retries: -1 }))).toMatchObject({
      message: "retries: -1 is not allowed: a whole number from 0",
      rule: "a whole number from 0",
    });
    const secret = await thrownBy(() => connectHttp("http://localhost", { token: "geheim\n" }));
    expect(String(secret)).not.toContain("geheim");
    expect(String(await thrownBy(() => connectHttp("http://a:geheim@localhost")))).not.toContain("geheim");
  });
});

describe("an argument", () => {
  it.each<[string, string, (client: Loose) => unknown]>([
    ["no task", "task", (client) => client["enqueue"]?.()],
    ["a task without a name", "task", (client) => client["enqueue"]?.({})],
    ["a number for a task", "task", (client) => client["enqueue"]?.(5)],
    ["nothing for options of a job", "options", (client) => client["enqueue"]?.("t", 1, null)],
    ["an input that JSON does not have", "body", (client) => client["enqueue"]?.("t", 1n)],
    [
      "a key that no header can carry",
      "idempotencyKey",
      (client) => client["enqueue"]?.("t", 1, {}, { idempotencyKey: "€" }),
    ],
    ["no jobs", "jobs", (client) => client["enqueueAll"]?.()],
    ["a text for jobs", "jobs", (client) => client["enqueueAll"]?.("a")],
    ["nothing for a job", "jobs[1]", (client) => client["enqueueAll"]?.([{ task: "t" }, null])],
    ["a job without a task", "jobs[1].task", (client) => client["enqueueAll"]?.([{ task: "t" }, {}])],
    [
      "options of a job that are none",
      "jobs[0].options",
      (client) => client["enqueueAll"]?.([{ task: "t", options: 5 }]),
    ],
    ["no topics", "topics", (client) => client["watch"]?.()],
    ["a number for a topic", "topics", (client) => client["watch"]?.(["queue:a", 5])],
    ["no bulk request", "body", (client) => client["bulk"]?.()],
    ["no bulk request to count", "body", (client) => client["bulkPreview"]?.()],
    ["no schedule", "body", (client) => client["schedule"]?.("a").put?.()],
    ["no change", "body", (client) => client["job"]?.("a").update?.()],
    ["nothing for a retry", "body", (client) => client["job"]?.("a").retry?.(null)],
    ["no confirmation", "body", (client) => client["queue"]?.("a").obliterate?.()],
    ["nothing for a filter", "filter", (client) => client["jobs"]?.(null)],
    ["a text for a filter", "filter", (client) => client["count"]?.("failed")],
    ["a text for a query", "query", (client) => client["queues"]?.("a")],
    ["a text for the query of figures", "query", (client) => client["series"]?.("a")],
    ["nothing for a page", "options", (client) => client["jobs"]?.().page?.(null)],
    ["a time that is none", "timeout", (client) => client["job"]?.("a").result?.({ timeout: "soon" })],
    ["no id", "id", (client) => client["job"]?.().refresh?.()],
    ["no tag", "tag", (client) => client["tag"]?.()],
  ])("is refused before anything is sent: %s", async (_what, field, call) => {
    const { loose, sent } = counted();
    expect(await thrownBy(() => call(loose))).toEqual(invalid(field));
    expect(sent()).toBe(0);
  });

  const CALLS: readonly [string, (client: Loose, call: unknown) => unknown][] = [
    ["enqueue", (client, call) => client["enqueue"]?.("t", 1, {}, call)],
    ["enqueueAll", (client, call) => client["enqueueAll"]?.([], call)],
    ["a list", (client, call) => client["queues"]?.({}, call)],
    ["a page", (client, call) => client["jobs"]?.().page?.(call)],
    ["a figure", (client, call) => client["info"]?.(call)],
    ["a read", (client, call) => client["job"]?.("a").refresh?.(call)],
    ["a command", (client, call) => client["job"]?.("a").cancel?.(call)],
    ["result()", (client, call) => client["job"]?.("a").result?.(call)],
    ["events()", (client, call) => client["job"]?.("a").events?.(call)],
    ["watch()", (client, call) => client["watch"]?.("overview", call)],
  ];

  it.each(CALLS)("that a call takes last is refused before anything is sent: of %s", async (_what, call) => {
    const { loose, sent } = counted();
    expect(await thrownBy(() => call(loose, null))).toMatchObject({ name: "HttpInvalid", code: "INVALID_INPUT" });
    expect(await thrownBy(() => call(loose, 5))).toMatchObject({ name: "HttpInvalid", code: "INVALID_INPUT" });
    expect(await thrownBy(() => call(loose, { signal: 5 }))).toEqual(invalid("signal"));
    expect(await thrownBy(() => call(loose, { timeout: -1 }))).toEqual(invalid("timeout"));
    expect(await thrownBy(() => call(loose, { timeuot: 5 }))).toEqual(invalid("timeuot"));
    expect(sent()).toBe(0);
  });
});

describe("a function that gives the token", () => {
  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("signed out");
      },
    ],
    ["rejects", () => Promise.reject(new Error("signed out"))],
    ["gives none", () => null],
    ["gives what no header can carry", () => "a\nb"],
  ])("and %s ends the call: nothing is sent, nor asked for again", async (_what, token) => {
    let asked = 0;
    const asking = (): never => {
      asked += 1;
      return token() as never;
    };
    const { client, sent } = counted({ token: asking, retries: 5 });
    expect(await thrownBy(() => client.info())).toEqual(invalid("token"));
    expect(await thrownBy(() => client.job("a").result())).toEqual(invalid("token"));
    expect(await thrownBy(() => client.watch("overview"))).toEqual(invalid("token"));
    expect([asked, sent()]).toEqual([3, 0]);
  });

  it("and never answers is not waited for beyond the time of a request", async () => {
    const { client, sent } = counted({ token: () => new Promise<string>(() => undefined), timeout: 20 });
    await expect(client.info()).rejects.toMatchObject({ name: "HttpTimeout" });
    expect(sent()).toBe(0);
  });
});
