/**
 * What a user of Redis must be allowed to, and how it is found out what is missing: a script may ask for its user (Redis 7), without
 * running anything and without a right to manage users.
 */
import type { Redis } from "ioredis";
import type { Keys } from "../connection/keys.js";
import { DOCUMENTS } from "../connection/keys.js";

/** The commands, by words that an ACL has: as docs/engines.md lists them. */
export const RIGHTS: readonly string[] = [
  ...["auth", "blpop", "client", "config|get", "eval", "evalsha", "exists", "hdel", "hello", "hexists", "hget"],
  ...["hgetall", "hincrby", "hlen", "hmget", "hscan", "hset", "info", "lindex", "llen", "lpush", "lrange", "ltrim"],
  ...["persist", "pexpire", "ping", "publish", "rename", "rpush", "sadd", "select", "sismember", "smembers"],
  ...["smismember", "srem", "subscribe", "time", "unlink", "unsubscribe", "xadd", "xrange", "zadd", "zcard", "zcount"],
  ...["zlexcount", "zmscore", "zrange", "zrangebylex", "zrangebyscore", "zrank", "zrem", "zremrangebyrank"],
  ...["zremrangebyscore", "zrevrangebyscore", "zscore"],
];

/** What is asked about those that do not take one key and then values. */
const ARGUMENTS: Readonly<Record<string, (key: string, channel: string) => readonly string[]>> = {
  auth: () => ["secret"],
  blpop: (key) => [key, "1"],
  client: () => ["id"],
  "config|get": () => ["save"],
  eval: () => ["return 1", "0"],
  evalsha: () => ["0".repeat(40), "0"],
  exists: (key) => [key],
  hello: () => ["3"],
  info: () => [],
  ping: () => [],
  publish: (_key, channel) => [channel, "1"],
  rename: (key) => [key, key],
  select: () => ["0"],
  subscribe: (_key, channel) => [channel],
  time: () => [],
  unlink: (key) => [key],
  unsubscribe: (_key, channel) => [channel],
};

const ASK = `
local missing = {}
for _, command in ipairs(cjson.decode(ARGV[1])) do
  local ok, allowed = pcall(redis.acl_check_cmd, unpack(command))
  if ok and not allowed then missing[#missing + 1] = command[1] .. (command[1] == 'config' and '|get' or '') end
end
return missing`;

/** What this user may not do of what is needed; `null` where the server does not tell (before Redis 7). */
export async function missingRights(node: Redis, keys: Keys): Promise<readonly string[] | null> {
  const [key, channel] = [keys.of(DOCUMENTS, "ids"), keys.channel(DOCUMENTS)];
  const commands = RIGHTS.map((right) => {
    return [...right.split("|"), ...(ARGUMENTS[right]?.(key, channel) ?? [key, "1", "1"])];
  });
  try {
    const missing: unknown = await node.eval(ASK, 0, JSON.stringify(commands));
    return Array.isArray(missing) ? missing.map(String) : null;
  } catch {
    return null;
  }
}
