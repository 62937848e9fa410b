// What requests say of their clients: names, addresses, networks.
import { expect, it } from "vitest";
import { hostOf, isLoopback, networkOf } from "../../../src/server/access/client.js";

it.each([
  ["Example.ORG", "example.org"],
  ["example.org:8080", "example.org"],
  ["example.org.", "example.org"],
  ["10.0.0.1:80", "10.0.0.1"],
  ["[::1]:9181", "::1"],
  ["::1", "::1"],
  ["my_host-1", "my_host-1"],
  ["", null],
  ["a b", null],
  ["a/b", null],
  ["user@example.org", null],
  ["example.org:port", null],
  ["[::1", null],
  ["[example.org]", null],
  ["-", null],
  ["a..b", null],
  [`${"a.".repeat(200)}b`, null],
])("the name of %j is %j", (header, name) => {
  expect(hostOf(header)).toBe(name);
});

it.each([
  ["127.0.0.1", true],
  ["127.8.9.10", true],
  ["localhost", true],
  ["::1", true],
  ["0.0.0.0", false],
  ["::", false],
  ["10.0.0.1", false],
  ["127.0.0.1.example.org", false],
  ["app.localhost", true],
  ["localhost.example.org", false],
  ["notlocalhost", false],
])("only this machine reaches %s: %s", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

it.each([
  ["10.0.0.1", "10.0.0.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
])("the network of %s is %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
