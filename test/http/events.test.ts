// Events of jobs over HTTP: in their order to the end, across lost connections, and the bytes of a stream however they are divided.
import { EventEmitter, once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { connect, task, type Longshore, type Task } from "longshore";
import { connectHttp, type HttpJobEvent, type HttpLiveFrame } from "longshore/http";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";
import { startTcpProxy } from "../support/tcp-proxy.js";
import { answering } from "./answering.js";
import { served } from "./served.js";

/** A task that waits at each of three gates. */
function gated(): { scan: Task<unknown, string>; open: (gate: number) => void } {
  const gates = new EventEmitter();
  const opened = new Set<number>();
  const passed = async (gate: number): Promise<void> => {
    if (!opened.has(gate)) await once(gates, String(gate));
  };
  const scan = task("scan", { queue: "scans", attempts: 1 }, async ({ emit, progress }) => {
    await passed(0);
    await emit("first", { n: 1 });
    progress(40);
    await passed(1);
    await emit("second", { n: 2 });
    await passed(2);
    return "done";
  });
  const open = (gate: number): void => {
    opened.add(gate);
    gates.emit(String(gate));
  };
  return { scan, open };
}

/** Collects what a stream gives. */
function collected<Item>(stream: AsyncIterable<Item>): { items: Item[]; ended: Promise<unknown> } {
  const items: Item[] = [];
  const read = async (): Promise<void> => {
    for await (const item of stream) items.push(item);
  };
  return { items, ended: read() };
}

const kinds = (events: readonly HttpJobEvent[]): string[] => {
  return events.map((event) =>
    event.kind === "state" ? event.state : event.kind === "milestone" ? event.name : event.kind,
  );
};

/** The jobs that a frame tells a change of, each after its topic. */
function changed(frame: HttpLiveFrame): string[] {
  return frame.kind === "delta" ? frame.events.map((event) => `${frame.topic} ${String(event["jobId"])}`) : [];
}

/** An event as it travels. */
function state(value: string): string {
  return JSON.stringify({ queue: "q", jobId: "a", at: "now", kind: "state", state: value });
}

onEveryEngine("the events of a job", (storage) => {
  it("tell its way from its present state to its end", async () => {
    const longshore = await storage.connect();
    const { client } = await served(longshore);
    const { scan, open } = gated();
    const job = await client.enqueue("scan", null, { queue: "scans" });
    const { items, ended } = collected(job.events());
    await expect.poll(() => kinds(items)).toEqual(["queued"]);
    longshore.worker([scan]);
    for (const gate of [0, 1, 2]) open(gate);
    await ended;
    expect(kinds(items).filter((kind) => kind !== "progress")).toEqual([
      "queued",
      "active",
      "first",
      "second",
      "completed",
    ]);
    expect(items).toContainEqual(
      expect.objectContaining({ kind: "milestone", name: "second", value: { n: 2 }, jobId: job.id }),
    );
    // A later reader has the end at once.
    const late = collected(client.job(job.id).events());
    await late.ended;
    expect(kinds(late.items).filter((kind) => kind !== "progress")).toEqual(["first", "second", "completed"]);
  });
});

describe("a stream of the server", () => {
  let longshore: Longshore;

  beforeEach(async () => {
    longshore = await connect("memory:");
  });

  afterEach(() => longshore.close());

  it("goes on where it was lost, without a gap, and shows nothing twice", async () => {
    const { port } = await served(longshore);
    const proxy = await startTcpProxy(port);
    onTestFinished(() => proxy.stop());
    const client = connectHttp(`http://127.0.0.1:${proxy.port}`);
    const { scan, open } = gated();
    const job = await client.enqueue("scan", null, { queue: "scans" });
    const { items, ended } = collected(job.events());
    await expect.poll(() => kinds(items)).toEqual(["queued"]);
    longshore.worker([scan]);
    open(0);
    await expect.poll(() => kinds(items)).toContain("first");
    proxy.mode = "refuse";
    open(1);
    const refused = proxy.connections;
    await expect.poll(() => proxy.connections).toBeGreaterThan(refused);
    proxy.mode = "pass";
    await expect.poll(() => kinds(items)).toContain("second");
    open(2);
    await ended;
    expect(kinds(items).filter((kind) => kind !== "progress")).toEqual([
      "queued",
      "active",
      "first",
      "second",
      "completed",
    ]);
  });

  it("tells a gap when the server has changed meanwhile, and then how things are", async () => {
    const first = await served(longshore);
    let port = first.port;
    const { scan, open } = gated();
    const client = connectHttp(first.url, {
      fetch: (url, init) => fetch(url.replace(String(first.port), String(port)), init),
    });
    const job = await client.enqueue("scan", null, { queue: "scans" });
    const { items, ended } = collected(job.events());
    longshore.worker([scan]);
    open(0);
    await expect.poll(() => kinds(items)).toContain("first");
    ({ port } = await served(longshore));
    await first.close();
    await expect.poll(() => kinds(items)).toContain("gap");
    open(1);
    open(2);
    await ended;
    const after = kinds(items.slice(items.findIndex(({ kind }) => kind === "gap")));
    expect(after.filter((kind) => kind !== "progress")).toEqual(["gap", "active", "second", "completed"]);
  });

  it("of a job that was removed while it was lost says so, and of one that was never there refuses", async () => {
    const { port } = await served(longshore);
    const proxy = await startTcpProxy(port);
    onTestFinished(() => proxy.stop());
    const client = connectHttp(`http://127.0.0.1:${proxy.port}`);
    const job = await client.enqueue("scan");
    const { items, ended } = collected(job.events());
    await expect.poll(() => kinds(items)).toEqual(["queued"]);
    proxy.mode = "refuse";
    await (await longshore.job(job.id))?.remove();
    proxy.mode = "pass";
    await ended;
    expect(items.at(-1)).toMatchObject({ kind: "removed", jobId: job.id });
    await expect(client.job("nobody").events().next()).rejects.toMatchObject({ status: 404, code: "JOB_NOT_FOUND" });
  });

  it("follows queues and tags: a snapshot of each, then what changes", async () => {
    const { client } = await served(longshore);
    const leaving = new AbortController();
    const { items, ended } = collected(client.watch(["queue:q", "tag:user:4,2"], leaving));
    await expect
      .poll(() => items.map(({ kind, topic }) => `${kind} ${topic}`))
      .toEqual(["snapshot queue:q", "snapshot tag:user:4,2"]);
    const job = await client.enqueue("t", null, { queue: "q", tags: ["user:4,2"] });
    await expect.poll(() => items.flatMap(changed)).toContain(`queue:q ${job.id}`);
    leaving.abort();
    await expect(ended).rejects.toBe(leaving.signal.reason);
  });
});

describe("the bytes of a stream", () => {
  const snapshot = JSON.stringify({
    at: "now",
    job: { queue: "q", jobId: "a", state: "queued", attempt: 1, progress: null },
  });

  it("are read however they are divided, with any ends of lines", async () => {
    const name = "überreicht \u2603";
    const bytes = Buffer.from(
      [
        `retry: 0\n\n: nothing\nevent: snapshot\r\nid: 7\r\ndata: ${snapshot}\r\n\r\n`,
        `event:delta\rdata:{"events":[{"queue":"q","jobId":"a","at":"now","kind":"status","name":"${name}"},\rdata: ${state("completed")}]}\r\r`,
      ].join(""),
    );
    const { url } = await answering((_request, response) => {
      let sent = 0;
      const send = (): void => {
        response.write(bytes.subarray(sent, (sent += 1)));
        if (sent < bytes.length) setImmediate(send);
      };
      send();
    });
    const { items, ended } = collected(connectHttp(url).job("a").events());
    await ended;
    expect(items).toMatchObject([
      { kind: "state", state: "queued" },
      { kind: "status", name },
      { kind: "state", state: "completed" },
    ]);
  });

  it("that end are asked for again after the last id, with the token in a header", async () => {
    const { url, requests } = await answering((request, response) => {
      const again = request.headers["last-event-id"] !== undefined;
      response.end(
        again
          ? `event: delta\ndata: {"events":[${state("failed")}]}\n\n`
          : `event: snapshot\nid: 7\ndata: ${snapshot}\n\n`,
      );
    });
    const { items, ended } = collected(connectHttp(url, { token: "secret" }).job("a", { queue: "q" }).events());
    await ended;
    expect(kinds(items)).toEqual(["queued", "failed"]);
    expect(requests.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "7"]);
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer secret", "Bearer secret"]);
    expect(requests.map((request) => request.url)).toEqual([
      "/api/jobs/a/events?queue=q",
      "/api/jobs/a/events?queue=q",
    ]);
  });

  it("that are cut within a frame are asked for again after the frame before", async () => {
    const { url, requests } = await answering((request, response) => {
      if (request.headers["last-event-id"] !== undefined) {
        response.end(`event: delta\nid: 8\ndata: {"events":[${state("failed")}]}\n\n`);
        return;
      }
      response.write(`event: snapshot\nid: 7\ndata: ${snapshot}\n\nevent: delta\nid: 8\n`, () => response.destroy());
    });
    const { items, ended } = collected(connectHttp(url).job("a").events());
    await ended;
    expect(kinds(items)).toEqual(["queued", "failed"]);
    expect(requests.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "7"]);
  });

  it("are asked for again when nothing comes for so long that the connection must be dead", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { url, requests } = await answering((_request, response) => {
      response.write(`event: snapshot\nid: 7\ndata: ${snapshot}\n\n`);
    });
    const leaving = new AbortController();
    const { items, ended } = collected(connectHttp(url).job("a").events(leaving));
    while (items.length === 0) await turn();
    await vi.advanceTimersByTimeAsync(44_000);
    expect(requests).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_000);
    while (requests.length === 1) await turn();
    expect(requests[1]?.headers["last-event-id"]).toBe("7");
    leaving.abort();
    await expect(ended).rejects.toBe(leaving.signal.reason);
  });

  it("are not waited for any more by one that has left: the connection is closed", async () => {
    const closed: Promise<unknown>[] = [];
    const { url } = await answering((request, response) => {
      closed.push(once(response, "close"));
      response.write(`event: snapshot\ndata: ${snapshot}\n\n`);
    });
    for await (const event of connectHttp(url).job("a").events()) {
      expect(event).toMatchObject({ kind: "state" });
      break;
    }
    const leaving = new AbortController();
    const stream = connectHttp(url).job("a").events(leaving);
    await stream.next();
    leaving.abort();
    await expect(stream.next()).rejects.toBe(leaving.signal.reason);
    expect(await Promise.all(closed)).toHaveLength(2);
  });
});
