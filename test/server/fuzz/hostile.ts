/** What clients send that mean harm, or have a fault: texts and JSON that break those who expect no such thing. */
import type { Chance } from "./random.js";
import { RawJson } from "./raw-json.js";

const TEXTS: readonly string[] = [
  ...[
    "",
    " ",
    "null",
    "undefined",
    "NaN",
    "Infinity",
    "-1",
    "0",
    "1",
    "1.5",
    "1e3",
    "1e400",
    "0x10",
    "9007199254740993",
    "-0",
  ],
  ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "then", "__defineGetter__"],
  ...[
    "a{b}",
    "{}",
    "a:b",
    ":",
    "::",
    "a/b",
    "/",
    "..",
    ".",
    "../x",
    "%2f",
    "%00",
    "%",
    "%zz",
    "a\\b",
    "a?b",
    "a#b",
    "a&b=c",
    "*",
    "[",
    "a,b",
    ",",
  ],
  ...["a\r\nb: c", "\n", "\t", "\u0000", "a\u0000b", "\u001b]0;x\u0007", "\u007f", "\u2028", "\ufeff", "\ufffe"],
  ...["١٢٣", "１２", "ⅷ", "ı", "İ", "ﬀ", "😀", "e\u0301", "\ud800", "a\udc00b", "\u202e"],
  ...[
    "longshore:bulk",
    "longshore:",
    "node:fs",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "${7*7}",
    "redis.call('FLUSHALL')",
  ],
  ...[
    "2026-12-01T09:30:00Z",
    "2026-13-45T99:99:99Z",
    "0000-00-00T00:00:00Z",
    "+275760-09-13T00:00:00.001Z",
    "9999-12-31T23:59:59.999Z",
    "now",
  ],
  ...[
    "5m",
    "1000000y",
    "-5m",
    "0s",
    "1e9d",
    "5 m",
    "9".repeat(400),
    "a".repeat(129),
    "a".repeat(257),
    "a".repeat(4_096),
    "é".repeat(200),
  ],
];

/** A text that few expect. */
export function hostileText(chance: Chance): string {
  return chance.of(TEXTS);
}

const NUMBERS: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  1.5,
  201,
  1_001,
  65_536,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 53),
  1e21,
  1.7e308,
  5e-324,
  -1e308,
];

const RAW: readonly ((chance: Chance) => string)[] = [
  () => "1e400",
  () => "-1e400",
  () => "NaN",
  () => "0123",
  () => "1.",
  () => "9".repeat(500),
  () => "'a'",
  () => '"\\ud800"',
  () => '"\\u0000"',
  () => '"\\x41"',
  () => '"\u0000"',
  () => '{"__proto__":{"polluted":true}}',
  () => '{"constructor":{"prototype":{"polluted":true}}}',
  () => '{"a":1,"a":2}',
  () => '{"queue":"a","queue":"b","__proto__":null}',
  () => '{"":1," ":2}',
  () => '{"toString":1,"valueOf":2,"then":3,"toJSON":4}',
  () => '{"length":1e9}',
  () => '{"$ref":"#","type":"string"}',
  () => "[1,]",
  () => "{,}",
  () => "",
  (chance) => nested(chance.of([30, 60, 70, 1_000, 10_000]), chance.in(0.5)),
];

function nested(depth: number, closed: boolean): string {
  const [open, close] = depth % 20 === 0 ? ['{"a":', "}"] : ["[", "]"];
  return open.repeat(depth) + "1" + (closed ? close.repeat(depth) : "");
}

/** A value of any type, or text that is no JSON. */
export function hostileJson(chance: Chance): unknown {
  switch (chance.below(9)) {
    case 0:
      return chance.of([null, true, false]);
    case 1:
      return chance.of(NUMBERS);
    case 2:
    case 3:
      return hostileText(chance);
    case 4:
      return {};
    case 5:
      return chance.in(0.05) ? Array.from({ length: chance.of([101, 1_001, 5_000]) }, () => 1) : [hostileText(chance)];
    case 6:
      return Object.fromEntries([[hostileText(chance), hostileText(chance)]]);
    default:
      return new RawJson(chance.of(RAW)(chance));
  }
}
