// What a fetch does once it may connect: redirects, credentials, bounds on time, size and kind, and what it ignores.
// Two real servers on loopback are trusted; everything else is the web, which is not reached.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { Server } from "node:https";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buildConnector } from "undici";

import type { Dial } from "../../../examples/site-scan/safe-fetch/connector.js";
import { CrawlFailed, PageRejected, UrlRefused } from "../../../examples/site-scan/safe-fetch/errors.js";
import { SafeFetch } from "../../../examples/site-scan/safe-fetch/safe-fetch.js";
import type { FetchedPage, SafeFetchOptions } from "../../../examples/site-scan/safe-fetch/safe-fetch.js";
import { page, startCountingServer } from "./counting-server.js";
import type { CountingServer } from "./counting-server.js";

let site: CountingServer;
let other: CountingServer;
let answer: RequestListener;
let otherRequests: IncomingMessage[];
let pages: SafeFetch;

beforeAll(async () => {
  site = await startCountingServer((request, response) => answer(request, response));
  other = await startCountingServer((request, response) => {
    otherRequests.push(request);
    page("other")(request, response);
  });
});
afterAll(() => Promise.all([site.close(), other.close()]));

beforeEach(() => {
  answer = page("<h1>Site</h1>");
  otherRequests = [];
  pages = fetcher();
});
afterEach(() => pages.close());

function fetcher(options: SafeFetchOptions = {}): SafeFetch {
  return new SafeFetch({ trustedOrigins: [site.origin, other.origin], ...options });
}

async function closing<T>(pages: SafeFetch, act: (pages: SafeFetch) => Promise<T>): Promise<T> {
  try {
    return await act(pages);
  } finally {
    await pages.close();
  }
}

function send(response: ServerResponse, status: number, headers: Record<string, string> = {}, body = ""): void {
  response.writeHead(status, headers).end(body);
}

/** Redirects `/` to `location`, and answers everything else with the page. */
function redirecting(location: string, status = 302): RequestListener {
  return (request, response) => {
    if (request.url === "/") send(response, status, { location });
    else page("arrived")(request, response);
  };
}

test("a page comes with its address, status, headers, text, size and hash", async () => {
  answer = (request, response) => {
    response.setHeader("x-who", request.headers["user-agent"] ?? "");
    page("<p>Grüße</p>")(request, response);
  };
  expect(await pages.get(`${site.url}/a#part`)).toEqual({
    url: `${site.url}/a`,
    status: 200,
    headers: expect.objectContaining({ "x-who": "longshore-site-scan/1.0" }) as object,
    text: "<p>Grüße</p>",
    size: 14,
    sha256: createHash("sha256").update("<p>Grüße</p>").digest("hex"),
    elapsedMs: expect.any(Number) as number,
    redirects: [],
  });
});

describe("redirects", () => {
  test.each([301, 302, 303, 307, 308])("a %i is followed", async (status) => {
    answer = redirecting("/there", status);
    expect(await pages.get(site.url)).toMatchObject({
      url: `${site.url}/there`,
      text: "arrived",
      redirects: [`${site.url}/`],
    });
  });

  test("five are followed, the sixth is not", async () => {
    answer = (request, response) => {
      const left = Number(request.url?.slice(1));
      if (left > 0) send(response, 302, { location: `/${left - 1}` });
      else page("arrived")(request, response);
    };
    expect((await pages.get(`${site.url}/5`)).redirects).toHaveLength(5);
    const looped = await pages.get(`${site.url}/6`).catch((error: unknown) => error);
    expect(looped).toBeInstanceOf(PageRejected);
    expect(looped).toMatchObject({ code: "ERROR_CRAWL", reason: "redirects" });
  });

  test.each([
    ["loopback on another port", () => `http://127.0.0.1:${other.port}/`],
    ["loopback spelt otherwise", () => `http://2130706433:${site.port}/`],
    ["IPv6 loopback", () => `http://[::1]:${other.port}/`],
    ["mapped loopback", () => `http://[::ffff:127.0.0.1]:${other.port}/`],
    ["a relative reference to another host", () => `//0:${other.port}/`],
    ["a metadata service", () => "http://169.254.169.254/latest/"],
    ["a file", () => "file:///etc/passwd"],
    ["data", () => "data:text/html,hello"],
    ["credentials", () => "http://user:pass@example.org/"],
    ["another port", () => "http://example.org:6379/"],
    ["nonsense", () => "http://[/"],
  ])("to %s is refused without a connection", async (_what, location) => {
    answer = redirecting(location());
    // Only the first site is trusted here, by its name; the same server under any other spelling is not.
    const alone = new SafeFetch({
      trustedOrigins: [`docs.example:${site.port}`],
      ports: [80, site.port, other.port],
      lookup: () => Promise.resolve(["127.0.0.1"]),
    });
    const [before, beforeOther] = [site.connections(), other.connections()];
    const url = `http://docs.example:${site.port}/`;
    const refused = await closing(alone, (one) => one.get(url).catch((error: unknown) => error));
    expect(refused).toBeInstanceOf(UrlRefused);
    expect(site.connections()).toBe(before + 1);
    expect(other.connections()).toBe(beforeOther);
  });

  test("to a name that leads to loopback is refused without a connection", async () => {
    answer = redirecting("http://inside.example/");
    const alone = fetcher({ lookup: () => Promise.resolve(["127.0.0.1"]) });
    const refused = await closing(alone, (one) => one.get(site.url).catch((error: unknown) => error));
    expect(refused).toBeInstanceOf(UrlRefused);
    expect(refused).toMatchObject({ code: "ERROR_VALIDATION", message: expect.stringContaining("loopback") as string });
  });

  test("take credentials along within an origin and drop them across origins", async () => {
    const seen: IncomingMessage[] = [];
    answer = (request, response) => {
      seen.push(request);
      if (request.url === "/") send(response, 302, { location: "/again" });
      else send(response, 302, { location: `${other.url}/` });
    };
    const headers = { authorization: "Bearer secret", Cookie: "session=1", "accept-language": "en" };
    await pages.get(site.url, { headers });
    expect(seen.map(({ headers }) => [headers.authorization, headers.cookie])).toEqual([
      ["Bearer secret", "session=1"],
      ["Bearer secret", "session=1"],
    ]);
    expect(otherRequests.map(({ headers: h }) => [h.authorization, h.cookie, h["accept-language"]])).toEqual([
      [undefined, undefined, "en"],
    ]);
  });
});

describe("answers that are no page", () => {
  test.each([
    [404, {}],
    [500, {}],
    [503, { "retry-after": "7" }],
    [304, {}],
    [302, {}],
  ])("status %i", async (status, headers) => {
    answer = (_request, response) => send(response, status, headers);
    const failed = await pages.get(site.url).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(CrawlFailed);
    expect(failed).toMatchObject({ code: "ERROR_CRAWL", reason: "status", status });
    expect((failed as CrawlFailed).headers).toMatchObject(headers);
  });

  test.each(["application/pdf", "image/png", "application/json", "text/html2", ""])("content type %j", async (type) => {
    answer = (_request, response) => send(response, 200, type === "" ? {} : { "content-type": type }, "%PDF");
    await expect(pages.get(site.url)).rejects.toMatchObject({ code: "ERROR_CRAWL", reason: "content-type" });
  });

  test.each(["text/html", "TEXT/HTML; charset=utf-8", "application/xhtml+xml"])("%s is a page", async (type) => {
    answer = (_request, response) => send(response, 200, { "content-type": type }, "<p>");
    expect((await pages.get(site.url)).text).toBe("<p>");
  });
});

describe("size", () => {
  test("is bounded by what the server declares, before the download", async () => {
    let written = 0;
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "text/html", "content-length": "1001" });
      response.write("a", () => (written += 1));
    };
    const small = fetcher({ maxBytes: 1_000 });
    await expect(closing(small, (one) => one.get(site.url))).rejects.toMatchObject({ reason: "size" });
    expect(written).toBeLessThanOrEqual(1);
  });

  test("is bounded by what arrives: the limit is read, one byte more is not", async () => {
    answer = (request, response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("a".repeat(Number(request.url?.slice(1))));
    };
    const small = fetcher({ maxBytes: 1_000 });
    await closing(small, async (one) => {
      expect((await one.get(`${site.url}/1000`)).size).toBe(1_000);
      await expect(one.get(`${site.url}/1001`)).rejects.toMatchObject({ code: "ERROR_CRAWL", reason: "size" });
    });
  });

  test("counts decompressed bytes: a bomb of 64 MiB in 64 KiB is broken off", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1_024 * 1_024));
    expect(bomb.byteLength).toBeLessThan(100_000);
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "text/html", "content-encoding": "gzip" });
      response.end(bomb);
    };
    const before = process.memoryUsage().arrayBuffers;
    await expect(pages.get(site.url)).rejects.toMatchObject({ reason: "size" });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40 * 1_024 * 1_024);
  });

  test("a compressed page is read", async () => {
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "text/html", "content-encoding": "gzip" });
      response.end(gzipSync("<h1>Packed</h1>"));
    };
    expect(await pages.get(site.url)).toMatchObject({ text: "<h1>Packed</h1>", size: 15 });
  });
});

describe("time", () => {
  test("a slow drip ends at the deadline, though every byte comes in time", async () => {
    const drips = new Set<NodeJS.Timeout>();
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "text/html" });
      const drip = setInterval(() => response.write("a"), 20);
      drips.add(drip);
      response.once("close", () => clearInterval(drip));
    };
    const hasty = fetcher({ deadline: 200 });
    const began = performance.now();
    const failed = await closing(hasty, (one) => one.get(site.url).catch((error: unknown) => error));
    expect(failed).toMatchObject({
      code: "ERROR_CRAWL",
      reason: "timeout",
      message: expect.stringContaining("200 ms") as string,
    });
    expect(performance.now() - began).toBeLessThan(10_000);
    for (const drip of drips) clearInterval(drip);
  });

  test("redirects share one deadline", async () => {
    answer = (request, response) => {
      setTimeout(() => send(response, 302, { location: `${request.url ?? ""}a` }), 80).unref();
    };
    const hasty = fetcher({ deadline: 200 });
    await expect(closing(hasty, (one) => one.get(site.url))).rejects.toMatchObject({ reason: "timeout" });
  });

  test("a server that never answers, and a resolver that never does", async () => {
    answer = () => {};
    const hasty = fetcher({ deadline: 100, lookup: () => new Promise(() => {}) });
    await closing(hasty, async (one) => {
      await expect(one.get(site.url)).rejects.toMatchObject({ reason: "timeout" });
      await expect(one.get("http://never.example/")).rejects.toMatchObject({ reason: "timeout" });
    });
  });

  test("the caller's signal ends it with the caller's reason", async () => {
    const controller = new AbortController();
    const reason = new Error("the worker stops");
    answer = () => controller.abort(reason);
    await expect(pages.get(site.url, { signal: controller.signal })).rejects.toBe(reason);
    const connections = site.connections();
    await expect(pages.get(site.url, { signal: controller.signal })).rejects.toBe(reason);
    expect(site.connections()).toBe(connections);
  });
});

describe("character encodings", () => {
  test.each([
    ["of the header", "text/html; charset=iso-8859-1", "<p>é"],
    ["of the page", "text/html", '<meta charset="windows-1252"><p>é'],
    ["of an older page", "text/html", '<meta http-equiv="content-type" content="text/html; charset=latin1"><p>é'],
  ])("the one %s is used", async (_what, type, text) => {
    answer = (_request, response) => response.writeHead(200, { "content-type": type }).end(Buffer.from(text, "latin1"));
    expect((await pages.get(site.url)).text).toContain("<p>é");
  });

  test("one that is unknown makes no page", async () => {
    answer = (_request, response) => send(response, 200, { "content-type": "text/html; charset=klingon" }, "<p>");
    await expect(pages.get(site.url)).rejects.toMatchObject({ reason: "encoding" });
  });
});

describe("https", () => {
  const [key, ca] = ["key.pem", "cert.pem"].map((name) =>
    readFileSync(new URL(`../../support/tls/${name}`, import.meta.url)),
  );
  let secure: Server;
  let port: number;

  beforeAll(async () => {
    secure = createServer({ key, cert: ca }, page("secret")).listen(0, "127.0.0.1");
    await once(secure, "listening");
    port = (secure.address() as AddressInfo).port;
  });
  afterAll(async () => {
    secure.close();
    secure.closeAllConnections();
    await once(secure, "close");
  });

  /** Fetches from `host`, which leads to the server; its certificate is for "localhost" and 127.0.0.1. */
  function get(host: string, trust: buildConnector.BuildOptions): Promise<FetchedPage> {
    const connector = buildConnector(trust);
    const dial: Dial = (options) =>
      new Promise((fulfil, reject) => {
        connector(options, (error, socket) => (error === null ? fulfil(socket) : reject(error)));
      });
    const options = { trustedOrigins: [`${host}:${port}`], lookup: () => Promise.resolve(["127.0.0.1"]), dial };
    const fetcher = new SafeFetch(options);
    return closing(fetcher, (one) => one.get(`https://${host}:${port}/`));
  }

  test("the certificate is checked against the name, though the connection goes to an address", async () => {
    expect((await get("localhost", { ca })).text).toBe("secret");
    await expect(get("other.example", { ca })).rejects.toMatchObject({
      code: "ERROR_CRAWL",
      reason: "connection",
      message: expect.stringContaining("other.example. is not in the cert") as string,
    });
  });

  test("an address is checked against the addresses of the certificate", async () => {
    expect((await get("127.0.0.1", { ca })).text).toBe("secret");
  });

  test("a certificate without a trusted issuer fails", async () => {
    await expect(get("localhost", {})).rejects.toMatchObject({ code: "ERROR_CRAWL", reason: "connection" });
  });
});

test("a broken connection fails and may be tried again", async () => {
  answer = (request) => request.socket.destroy();
  const failed = await pages.get(site.url).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(CrawlFailed);
  expect(failed).toMatchObject({ code: "ERROR_CRAWL", reason: "connection" });
});

test("a body that is not what its encoding says fails", async () => {
  answer = (_request, response) => {
    send(response, 200, { "content-type": "text/html", "content-encoding": "gzip" }, "not compressed at all");
  };
  await expect(pages.get(site.url)).rejects.toBeInstanceOf(CrawlFailed);
});

test("proxies of the environment are not used", async () => {
  const names = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "NODE_USE_ENV_PROXY",
  ];
  const saved = names.map((name) => [name, process.env[name]] as const);
  const before = other.connections();
  for (const name of names) process.env[name] = name === "NODE_USE_ENV_PROXY" ? "1" : other.url;
  try {
    const fresh = fetcher();
    expect((await closing(fresh, (one) => one.get(site.url))).text).toBe("<h1>Site</h1>");
  } finally {
    for (const [name, value] of saved) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
  expect(other.connections()).toBe(before);
});

test("a host gets two connections at a time, however many pages are asked for", async () => {
  const crowded = await startCountingServer((request, response) => {
    setTimeout(() => page("slow")(request, response), 20);
  });
  const many = new SafeFetch({ trustedOrigins: [crowded.origin] });
  await closing(many, (one) => Promise.all(Array.from({ length: 8 }, (_, n) => one.get(`${crowded.url}/${n}`))));
  expect(crowded.mostConnections()).toBe(2);
  await crowded.close();
});
