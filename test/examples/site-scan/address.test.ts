// Which addresses count as public.

import { expect, test } from "vitest";

import { addressProblem } from "../../../examples/site-scan/safe-fetch/address.js";

test.each(["93.184.216.34", "8.8.8.8", "::ffff:8.8.8.8", "2606:2800:220:1::1"])("%s is", (address) => {
  expect(addressProblem(address, false)).toBeUndefined();
});

test.each([
  ["10.1.2.3", "private"],
  ["127.9.9.9", "loopback"],
  ["169.254.0.1", "linkLocal"],
  ["100.64.0.1", "carrierGradeNat"],
  ["0.0.0.1", "unspecified"],
  ["192.0.2.1", "reserved"],
  ["240.0.0.1", "reserved"],
  ["239.1.1.1", "multicast"],
  ["255.255.255.255", "broadcast"],
  ["::1", "loopback"],
  ["::ffff:10.0.0.1", "private"],
  ["::ffff:0:127.0.0.1", "rfc6145"],
  ["64:ff9b::a00:1", "rfc6052"],
  ["2002:a00:1::", "6to4"],
  ["2001::1", "teredo"],
  ["100::1", "discard"],
  ["fc00::1", "uniqueLocal"],
  ["fe80::1", "linkLocal"],
  ["ff02::1", "multicast"],
  ["2001:db8::1", "reserved"],
])("%s is not: %s", (address, range) => {
  expect(addressProblem(address, false)).toContain(`(${range})`);
});

test.each(["::127.0.0.1", "::7f00:1", "4000::1"])("%s is outside all public IPv6 addresses", (address) => {
  expect(addressProblem(address, false)).toContain("not a public address");
});

test.each(["168.63.129.16", "::ffff:168.63.129.16", "100.100.100.200", "fd00:ec2::254", "FD00:EC2:0::254"])(
  "%s is a metadata service, also for those who are trusted",
  (address) => {
    expect(addressProblem(address, false)).toContain("metadata service");
    expect(addressProblem(address, true)).toContain("metadata service");
  },
);

test.each(["127.0.0.1", "::1", "10.0.0.1", "100.64.0.1", "fc00::1", "8.8.8.8"])("%s may be trusted", (address) => {
  expect(addressProblem(address, true)).toBeUndefined();
});

test.each(["169.254.0.1", "fe80::1", "fe80::1%eth0", "0.0.0.0", "::", "224.0.0.1", "64:ff9b::a00:1"])(
  "%s may never be trusted",
  (address) => {
    expect(addressProblem(address, true)).toBeDefined();
  },
);

const own = (): Set<string> => new Set(["203.0.114.7"]);

test("the public addresses of this machine are refused unless they are trusted", () => {
  expect(addressProblem("203.0.114.7", false, own)).toContain("of this machine");
  expect(addressProblem("::ffff:203.0.114.7", false, own)).toContain("of this machine");
  expect(addressProblem("203.0.114.7", true, own)).toBeUndefined();
});

test.each(["", "example.org", "127.1", "0x7f.1", "1.2.3.4.5", "1.2.3.4:80", "fe80::1%1"])(
  "%j is no address",
  (text) => {
    expect(addressProblem(text, false)).toBeDefined();
  },
);
