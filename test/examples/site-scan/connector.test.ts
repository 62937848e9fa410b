// The connector alone, as undici calls it: it refuses by itself what the check of URLs refuses before it, so that
// neither depends on the other. A test dials through `dial`, which stands for the network between.

import { connect } from "node:net";
import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { guardedConnector } from "../../../examples/site-scan/safe-fetch/connector.js";
import type { Dial, Lookup } from "../../../examples/site-scan/safe-fetch/connector.js";
import { CrawlFailed, UrlRefused } from "../../../examples/site-scan/safe-fetch/errors.js";
import { FetchPolicy } from "../../../examples/site-scan/safe-fetch/fetch-policy.js";
import { SafeFetch } from "../../../examples/site-scan/safe-fetch/safe-fetch.js";
import { page, startCountingServer } from "./counting-server.js";
import type { CountingServer } from "./counting-server.js";

const publicAddress = "93.184.216.34";

/** A resolver that always gives these addresses. */
const giving =
  (...addresses: string[]): Lookup =>
  () =>
    Promise.resolve(addresses);

let server: CountingServer;
beforeAll(async () => {
  server = await startCountingServer();
});
afterAll(() => server.close());

/** Opens a connection through the guard; the answer is the socket or why there is none. */
function open(hostname: string, { lookup, dial }: { lookup?: Lookup; dial?: Dial } = {}): Promise<Socket> {
  const connector = guardedConnector(new FetchPolicy(), lookup, dial);
  const options = { protocol: "http:", hostname, host: `${hostname}:${server.port}`, port: String(server.port) };
  return new Promise((fulfil, reject) => {
    connector(options, (error, socket) => (error === null ? fulfil(socket) : reject(error)));
  });
}

/** A network in which every address leads to the server on loopback. */
function everythingIsLoopback(): { dial: Dial; dialled: string[] } {
  const dialled: string[] = [];
  const dial: Dial = ({ hostname }) => {
    dialled.push(hostname);
    return dialLoopback();
  };
  return { dial, dialled };
}

function dialLoopback(): Promise<Socket> {
  return new Promise((fulfil, reject) => {
    const socket = connect(server.port, "127.0.0.1", () => fulfil(socket));
    socket.once("error", reject);
  });
}

describe("addresses in place of a name", () => {
  test.each([
    "127.0.0.1",
    "127.0.0.2",
    "0.0.0.0",
    "::1",
    "::",
    "::ffff:7f00:1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "[::1]",
    "fe80::1%lo",
    "::1%lo",
  ])("%s is refused without a connection", async (hostname) => {
    const before = server.connections();
    await expect(open(hostname)).rejects.toBeInstanceOf(UrlRefused);
    expect(server.connections()).toBe(before);
  });
});

describe("names", () => {
  test("with one bad address among good ones are refused before any is tried", async () => {
    const { dial, dialled } = everythingIsLoopback();
    const lookup = giving(publicAddress, "10.0.0.1");
    await expect(open("mixed.example", { lookup, dial })).rejects.toThrow("10.0.0.1 is not a public address (private)");
    expect(dialled).toEqual([]);
  });

  test("with an address in a zone are refused", async () => {
    await expect(open("zone.example", { lookup: giving("fe80::1%eth0") })).rejects.toThrow("zone");
  });

  test.each([
    ["nonsense", ["not an address"]],
    ["an empty address", [""]],
    ["octal digits", ["0177.0.0.1"]],
  ])("that are answered with %s are refused", async (_what, addresses) => {
    const { dial, dialled } = everythingIsLoopback();
    await expect(open("odd.example", { lookup: giving(...addresses), dial })).rejects.toThrow("cannot be read");
    expect(dialled).toEqual([]);
  });

  test("that cannot be resolved fail, closed", async () => {
    const { dial, dialled } = everythingIsLoopback();
    const unknown = open("unknown.example", { lookup: () => Promise.reject(new Error("ENOTFOUND")), dial });
    await expect(unknown).rejects.toMatchObject({ code: "ERROR_CRAWL", reason: "lookup" });
    const nowhere = open("empty.example", { lookup: giving(), dial });
    await expect(nowhere).rejects.toBeInstanceOf(CrawlFailed);
    expect(dialled).toEqual([]);
  });

  test("are looked up once, and the address that was checked is the one that is dialled", async () => {
    // DNS rebinding: the first answer is harmless, every later one is loopback.
    const answers = [[publicAddress]];
    let lookups = 0;
    const lookup: Lookup = () => {
      lookups += 1;
      return Promise.resolve(answers.shift() ?? ["127.0.0.1"]);
    };
    const dialled: string[] = [];
    const dial: Dial = ({ hostname, servername }) => {
      dialled.push(`${hostname} for ${servername ?? ""}`);
      return Promise.reject(new Error("no route"));
    };
    const before = server.connections();
    await expect(open("rebinding.example", { lookup, dial })).rejects.toThrow("no route");
    expect({ lookups, dialled }).toEqual({ lookups: 1, dialled: [`${publicAddress} for rebinding.example`] });
    expect(server.connections()).toBe(before);
  });

  test("with several good addresses: the next is tried when one does not answer", async () => {
    const dialled: string[] = [];
    const dial: Dial = ({ hostname }) => {
      dialled.push(hostname);
      return Promise.reject(new Error(`${hostname} is down`));
    };
    const lookup = giving(publicAddress, "2606:2800:220:1::1");
    await expect(open("two.example", { lookup, dial })).rejects.toThrow("2606:2800:220:1::1 is down");
    expect(dialled).toEqual([publicAddress, "2606:2800:220:1::1"]);
  });
});

test("a connection that ended on loopback is closed before anything is sent", async () => {
  const requests: string[] = [];
  const inside = await startCountingServer((request, response) => {
    requests.push(request.url ?? "");
    page("inside")(request, response);
  });
  const dial: Dial = () =>
    new Promise((fulfil) => {
      const socket = connect(inside.port, "127.0.0.1", () => fulfil(socket));
    });
  const pages = new SafeFetch({ lookup: giving(publicAddress), dial });
  await expect(pages.get("http://natted.example/")).rejects.toThrow("the connection leads elsewhere: 127.0.0.1");
  await pages.close();
  await inside.close();
  expect(requests).toEqual([]);
});
