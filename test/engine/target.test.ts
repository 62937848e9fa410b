// What a Redis target may say, and what is refused.
import { expect, it } from "vitest";
import { InvalidInput } from "longshore";
import { parseTarget } from "../../src/engine/target.js";

const NODE = { host: "10.0.0.1", port: 7000 };

it.each<[field: string, target: object]>([
  ["port", { port: 0 }],
  ["db", { cluster: [NODE], db: 1 }],
  ["cluster", { cluster: [] }],
  ["cluster[1].port", { cluster: [NODE, { host: "10.0.0.1", port: "7000" }] }],
  ["sentinels[0].host", { sentinels: [{ port: 26_379 }], sentinelName: "queue" }],
  ["sentinels", { sentinels: [NODE], sentinelName: "queue", cluster: [NODE] }],
  ["sentinelName", { sentinels: [NODE] }],
  ["sentinelPassword", { sentinelPassword: "secret" }],
  ["natMap", { natMap: {} }],
  ["natMap", { cluster: [NODE], natMap: { "10.0.0.1": NODE } }],
  ['natMap["10.0.0.1:7000"].host', { cluster: [NODE], natMap: { "10.0.0.1:7000": { port: 1 } } }],
  ["dnsLookup", { dnsLookup: false }],
  ["protocol", { protocol: 4 }],
  ["connectTimeout", { connectTimeout: 0 }],
])("a target is refused for its %s", (field, target) => {
  const parse = (): unknown => parseTarget({ engine: "redis", ...target });
  expect(parse).toThrow(InvalidInput);
  expect(parse).toThrow(field);
  expect(parse).not.toThrow(/secret/);
});
