// Ways to write this machine into a URL. Each is refused as ERROR_VALIDATION and no connection is made: a real server
// listens on the port that the URLs name and counts. So that it is the address that is refused and not the port, the
// fetcher may use that port.

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { UrlRefused } from "../../../examples/site-scan/safe-fetch/errors.js";
import { SafeFetch } from "../../../examples/site-scan/safe-fetch/safe-fetch.js";
import { startCountingServer } from "./counting-server.js";
import type { CountingServer } from "./counting-server.js";
import { hostileHosts } from "./hostile-hosts.js";

let server: CountingServer;
beforeAll(async () => {
  server = await startCountingServer();
});
afterAll(() => server.close());

/** What a resolver in an attacker's hands says; the name of a machine on the web answers with loopback. */
const lookup = (): Promise<string[]> => Promise.resolve(["127.0.0.1"]);

test("there are 21 of them", () => {
  expect(new Set(hostileHosts).size).toBe(21);
});

describe.each(hostileHosts)("http://%s", (host) => {
  test("is refused and nothing connects", async () => {
    const before = server.connections();
    const pages = new SafeFetch({ ports: [server.port], lookup });
    const refused = await pages.get(`http://${host}:${server.port}/`).catch((error: unknown) => error);
    await pages.close();
    expect(refused).toBeInstanceOf(UrlRefused);
    expect(refused).toMatchObject({
      code: "ERROR_VALIDATION",
      rule: expect.stringContaining("a public host") as string,
    });
    expect(server.connections()).toBe(before);
  });
});

test("the server can be reached, so that a count of nothing means something", async () => {
  const before = server.connections();
  const pages = new SafeFetch({ trustedOrigins: [server.origin] });
  expect((await pages.get(server.url)).text).toBe("<h1>Inside</h1>");
  await pages.close();
  expect(server.connections()).toBe(before + 1);
});

test.each([
  "http://169.254.169.254/latest/meta-data/",
  "http://[fd00:ec2::254]/",
  "http://168.63.129.16/",
  "http://100.100.100.200/",
  "http://metadata.google.internal/computeMetadata/v1/",
  "http://metadata/",
  "http://10.0.0.1/",
  "http://172.16.0.1/",
  "http://192.168.1.1/",
  "http://100.64.0.1/",
  "http://[fe80::1]/",
  "http://[fc00::1]/",
  "http://[::7f00:1]/",
  "http://[4000::1]/",
  "http://[ff02::1]/",
  "http://224.0.0.1/",
  "http://255.255.255.255/",
  "http://198.18.0.1/",
  "http://printer.local/",
  "http://app.localhost/",
])("%s is refused before any name is looked up", async (url) => {
  let lookups = 0;
  const pages = new SafeFetch({ lookup: () => ((lookups += 1), Promise.resolve(["93.184.216.34"])) });
  await expect(pages.get(url)).rejects.toBeInstanceOf(UrlRefused);
  await pages.close();
  expect(lookups).toBe(0);
});

test.each([
  ["nonsense", "a complete URL"],
  ["", "a complete URL"],
  ["//example.org/", "a complete URL"],
  ["http://[fe80::1%25eth0]/", "a complete URL"],
  ["http://exa mple.org/", "a complete URL"],
  ["file:///etc/passwd", "http or https only"],
  ["ftp://example.org/", "http or https only"],
  ["gopher://example.org/", "http or https only"],
  ["javascript:alert(1)", "http or https only"],
  ["data:text/html,hello", "http or https only"],
  ["http://user@example.org/", "no user name or password"],
  ["http://user:secret@example.org/", "no user name or password"],
  ["http://example.org:22/", "port 80 or 443"],
  ["https://example.org:8443/", "port 80 or 443"],
  [`http://example.org/${"a".repeat(2_048)}`, "at most 2048 characters"],
  [`http://example.org/${"ü".repeat(1_000)}`, "at most 2048 characters"],
])("%s breaks the rule: %s", (url, rule) => {
  const refused = refusal(() => new SafeFetch().check(url));
  expect(refused.rule).toContain(rule);
  expect(refused.message).not.toContain("secret");
});

test("a trusted origin is one host and one port, and never link-local or a metadata service", async () => {
  const elsewhere = await startCountingServer();
  const pages = new SafeFetch({
    trustedOrigins: [server.origin, "169.254.169.254:80", "[fd00:ec2::254]:80", "[fe80::1]:80", "10.0.0.1:8080"],
  });
  expect(pages.check(server.url).host).toBe(server.origin);
  expect(pages.check("http://10.0.0.1:8080/").port).toBe("8080");
  for (const url of [
    elsewhere.url,
    `http://localhost:${server.port}/`,
    "http://10.0.0.1/",
    "http://169.254.169.254/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
  ]) {
    expect(refusal(() => pages.check(url))).toBeInstanceOf(UrlRefused);
  }
  await pages.close();
  await elsewhere.close();
});

test("a trusted name may lead to loopback, but not to a metadata service", async () => {
  const answers = ["127.0.0.1", "169.254.169.254"];
  const pages = new SafeFetch({
    trustedOrigins: [`docs.example:${server.port}`],
    lookup: () => Promise.resolve([answers.shift() ?? ""]),
  });
  expect((await pages.get(`http://docs.example:${server.port}/`)).status).toBe(200);
  await pages.close();
  const again = new SafeFetch({
    trustedOrigins: [`docs.example:${server.port}`],
    lookup: () => Promise.resolve([answers.shift() ?? ""]),
  });
  await expect(again.get(`http://docs.example:${server.port}/`)).rejects.toThrow("metadata service");
  await again.close();
});

test.each(["127.0.0.1", "http://127.0.0.1:80", "127.0.0.1:80/path", "127.1:80", "Example.org:80", "a:99999"])(
  "%s is no trusted origin",
  (origin) => {
    expect(() => new SafeFetch({ trustedOrigins: [origin] })).toThrow(`trustedOrigins[0]: "${origin}" is not allowed`);
  },
);

test("a port that is none is refused", () => {
  expect(() => new SafeFetch({ ports: [80, 65_536] })).toThrow("ports[1]: 65536 is not allowed");
});

test("messages carry no password and no control characters", () => {
  expect(refusal(() => new SafeFetch().check("http://me:se:cr@et@example.org/")).message).not.toMatch(/se:cr|et@/);
  expect(refusal(() => new SafeFetch().check("http://me:secret@[broken/")).message).not.toContain("secret");
  const message = refusal(() => new SafeFetch().check("http://\u001b]0;title\u0007\n\u2028\u202e/")).message;
  expect(message).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u);
});

function refusal(act: () => unknown): UrlRefused {
  try {
    act();
  } catch (error) {
    if (error instanceof UrlRefused) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
