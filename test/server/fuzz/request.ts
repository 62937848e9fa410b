/**
 * A request for an operation: made as its schemas want it, and then, most of the time, spoilt in some places. It is what goes over
 * a socket, bytes and all; what of it a `Request` can say is sent to `fetch`.
 */
import { hostileJson, hostileText } from "./hostile.js";
import { sample, type ApiDocument, type Operation, type Parameter } from "./operations.js";
import type { Chance } from "./random.js";
import type { Usual } from "./subjects.js";
import { RawJson, writeJson } from "./raw-json.js";

/** A request, before it is written. */
export interface FuzzRequest {
  readonly method: string;
  /** As it stands in the first line. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array | null;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY"];
const TYPES = [
  ...["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
  ...[
    "application/json; charset=utf-16",
    "application/merge-patch+json",
    "APPLICATION/JSON",
    "application/jsonx",
    "json",
  ],
];
const HEADERS: readonly (readonly [name: string, values: readonly string[]])[] = [
  ["idempotency-key", ["k", "a b", "", "é", "x".repeat(255), "x".repeat(256), "x".repeat(4_096), "{}", "__proto__"]],
  ["last-event-id", ["0", "-1", "1e400", "NaN", "999999999999999999999", "a", "one:5", "", "__proto__"]],
  [
    "authorization",
    [
      "Bearer",
      "Bearer ",
      "Bearer x",
      "bearer x",
      "Basic eDp5",
      "Bearer a, Bearer b",
      "Bearer \u00ff",
      "x".repeat(4_096),
    ],
  ],
  ["cookie", ["longshore=x", "a=b; a=c", "=", ";;;", "__proto__=1", "x".repeat(4_096)]],
  [
    "host",
    ["evil.example", "localhost:99999", "", "a b", "[::1", "127.0.0.1", "localhost, evil", "xn--", "a".repeat(300)],
  ],
  ["origin", ["null", "https://evil.example", "http://localhost", "x"]],
  ["sec-fetch-site", ["cross-site", "same-origin", "none", "x"]],
  ["accept", ["text/html", "*/*", "application/json;q=0", "text/event-stream", "x"]],
  ["accept-encoding", ["gzip", "br;q=1.0, *;q=0", "identity;q=0"]],
  ["content-encoding", ["gzip", "identity", "br", "x", ""]],
  ["if-none-match", ["*", '"x"', "W/"]],
  ["if-match", ["*", '"1"', "x"]],
  ["range", ["bytes=0-1", "bytes=9-1"]],
  ["x-forwarded-prefix", ["/a", "//evil.example", "/a/../b", "javascript:x", "x".repeat(300)]],
  ["x-forwarded-host", ["evil.example", "a,b"]],
  ["x-forwarded-for", ["127.0.0.1", "x", "::1, 10.0.0.1"]],
  ["x-http-method-override", ["DELETE"]],
  ["expect", ["100-continue", "200-ok"]],
  ["access-control-request-method", ["DELETE"]],
  ["upgrade", ["websocket", "h2c"]],
];

/** Draws the next request for an operation. */
export function drawRequest(chance: Chance, operation: Operation, document: ApiDocument, known: Usual): FuzzRequest {
  const spoilt = chance.in(0.75);
  const often = (share: number): boolean => spoilt && chance.in(share);
  const method = often(0.08) ? chance.of(METHODS) : operation.method;
  const headers = drawHeaders(chance, operation, document, often);
  const body = drawBody(chance, operation, document, often);
  if (body !== null && !often(0.05)) headers.push(["content-type", often(0.1) ? chance.of(TYPES) : "application/json"]);
  return { method, target: drawTarget(chance, operation, document, known, often), headers, body };
}

type Often = (share: number) => boolean;

function drawTarget(
  chance: Chance,
  { path, parameters }: Operation,
  document: ApiDocument,
  known: Usual,
  often: Often,
): string {
  const ofPath = Object.keys(known).find((start) => path.startsWith(start));
  const text = (parameter: Parameter): string => {
    const usual =
      (parameter.in === "path" && ofPath !== undefined ? known[ofPath] : undefined) ?? known[parameter.name];
    // Any other wait could be a long one.
    if (usual !== undefined && (parameter.name === "wait" || chance.in(0.95)))
      return often(0.15) ? hostileText(chance) : chance.of(usual);
    return often(0.15) ? hostileText(chance) : String(sample(chance, parameter.schema ?? {}, document));
  };
  let target = path.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const parameter = parameters.find((one) => one.in === "path" && one.name === name);
    return parameter === undefined ? whole : escaped(chance, text(parameter), often);
  });
  if (often(0.04)) target += chance.of(["/", "//", "/x", "/..", "%2f", ";a=b", "\u00e9"]);
  if (often(0.01))
    target = chance.of(["//evil.example/", "/%", "/%c0%af", "/api/%E0%A4%A", `/${"a".repeat(8_000)}`, "/api//jobs"]);
  const optional = parameters.filter((parameter) => parameter.in === "query" && parameter.required !== true);
  const chosen = Array.from({ length: optional.length === 0 ? 0 : chance.below(4) }, () => chance.of(optional));
  const query = [
    ...parameters.filter(({ in: place, required }) => place === "query" && required === true),
    ...new Set(chosen),
  ].flatMap((parameter) =>
    Array.from({ length: often(0.1) ? 2 : 1 }, () => [parameter.name, text(parameter)] as const),
  );
  if (often(0.1)) query.push([hostileText(chance), hostileText(chance)]);
  if (often(0.02)) for (let n = 0; n < 500; n += 1) query.push([`p${n}`, "1"]);
  if (query.length === 0) return target;
  return `${target}?${query.map(([name, value]) => `${escaped(chance, name, often)}=${escaped(chance, value, often)}`).join("&")}`;
}

/** Percent-encoded, most of the time. */
function escaped(chance: Chance, text: string, often: Often): string {
  if (often(0.1)) return text;
  return encodeURIComponent(text.toWellFormed()) + (often(0.01) ? chance.of(["%", "%f", "%c3%28", "%ff"]) : "");
}

function drawHeaders(
  chance: Chance,
  { parameters }: Operation,
  document: ApiDocument,
  often: Often,
): (readonly [string, string])[] {
  const headers: (readonly [string, string])[] = [];
  for (const parameter of parameters) {
    if (parameter.in !== "header" || chance.in(0.5)) continue;
    headers.push([parameter.name, String(sample(chance, parameter.schema ?? {}, document))]);
  }
  while (often(0.3)) {
    const [name, values] = chance.of(HEADERS);
    headers.push([name, often(0.1) ? hostileText(chance) : chance.of(values)]);
    if (often(0.1)) headers.push([name, chance.of(values)]);
  }
  if (often(0.005)) for (let n = 0; n < 300; n += 1) headers.push([`x-${n}`, "1"]);
  return headers;
}

function drawBody(
  chance: Chance,
  { body, example }: Operation,
  document: ApiDocument,
  often: Often,
): Uint8Array | null {
  if (body === null && !often(0.2)) return null;
  if (often(0.05)) return null;
  const fitting = example !== undefined && chance.in(0.2) ? example : sample(chance, body ?? {}, document);
  let value: unknown = fitting;
  for (let times = 0; times < 3 && often(0.5); times += 1) value = mutated(chance, value);
  let text = writeJson(value);
  if (often(0.04)) text = text.slice(0, chance.below(text.length + 1));
  if (often(0.03)) text = chance.of(["\ufeff", " ", "/* */", ")]}',\n"]) + text;
  if (often(0.004)) text = `{"task":"t","input":"${"x".repeat(1_048_576)}"}`;
  const bytes = Buffer.from(text);
  if (bytes.length > 0 && often(0.03)) bytes[chance.below(bytes.length)] = 128 + chance.below(128);
  return bytes;
}

/** The value with one place of it changed: another value, a field too many, one too few. */
function mutated(chance: Chance, value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof RawJson || chance.in(0.25))
    return hostileJson(chance);
  if (Array.isArray(value)) {
    const list: unknown[] = [...value];
    const at = chance.below(list.length + 1);
    list.splice(at, chance.below(2), at < value.length ? mutated(chance, value[at]) : hostileJson(chance));
    return list;
  }
  const entries = Object.entries(value);
  const at = chance.below(entries.length + 1);
  const [name, inner] = entries[at] ?? [hostileText(chance), null];
  if (at < entries.length && chance.in(0.2)) entries.splice(at, 1);
  else entries.splice(at, 1, [name, mutated(chance, inner)]);
  return Object.fromEntries(entries);
}
