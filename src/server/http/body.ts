/**
 * The body of a request, read before any route: JSON and nothing else, bounded in bytes and depth, valid UTF-8, with numbers that are
 * numbers and without keys that reach into prototypes. What a parser would pass over in silence is said instead.
 */
import { Problem } from "./problem.js";
import type { Guard } from "./env.js";

/** The most bytes of a body. */
export const LARGEST_BODY = 1_048_576;
/** How deep objects and arrays may lie within each other. */
const DEEPEST = 64;
const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

/** Reads and checks the body of requests that have one. */
export function boundBody(): Guard {
  return async (c, next) => {
    const { method } = c.req;
    if (method !== "GET" && method !== "HEAD" && method !== "OPTIONS") {
      const encoding = c.req.header("content-encoding") ?? "identity";
      if (!/^(?:identity)?$/i.test(encoding)) {
        throw new Problem(415, "UNSUPPORTED_ENCODING", "send the body as it is, not compressed", {
          members: { field: "content-encoding", rule: "none" },
        });
      }
      const text = await readText(c.req.raw);
      if (text !== "") {
        const type = c.req.header("content-type") ?? "";
        if (!JSON_TYPE.test(type)) {
          throw new Problem(415, "UNSUPPORTED_MEDIA_TYPE", "send JSON, with content-type: application/json", {
            members: { field: "content-type", rule: "application/json" },
          });
        }
        checkJson(text);
      }
      // A body without bytes, such as a chunked one, is none.
      else if (c.req.raw.body !== null) c.req.raw = withoutBody(c.req.raw);
      c.req.bodyCache.text = Promise.resolve(text === "" ? "{}" : text) as never;
    }
    await next();
  };
}

function withoutBody({ url, method, headers, signal }: Request): Request {
  return new Request(url, { method, headers, signal });
}

async function readText(request: Request): Promise<string> {
  const declared = Number(request.headers.get("content-length") ?? "0");
  if (declared > LARGEST_BODY) throw tooLarge();
  if (request.body === null) return "";
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let bytes = 0;
  let text = "";
  const reader = request.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.byteLength;
      if (bytes > LARGEST_BODY) {
        await reader.cancel();
        throw tooLarge();
      }
      text += decoder.decode(value, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (error instanceof TypeError) throw invalid("it is not valid UTF-8");
    // The client has gone, or takes too long: reading fails for no other reason.
    throw new Problem(400, "INVALID_BODY", "the body did not come whole", {
      members: { field: "body", rule: "whole" },
    });
  }
}

/** @throws Problem when the text is no JSON that we take */
function checkJson(text: string): void {
  checkDepth(text);
  try {
    JSON.parse(text, (key, value: unknown) => {
      if (reachesPrototype(key, value)) throw invalid(`the key "${key}" is not taken`);
      if (typeof value === "number" && !Number.isFinite(value)) throw invalid("a number is too large");
      return value;
    });
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw invalid("it is not valid JSON");
  }
}

/** Could a merge of it change what all objects inherit? A plain `constructor` is a word like others. */
function reachesPrototype(key: string, value: unknown): boolean {
  if (key === "__proto__") return true;
  return key === "constructor" && typeof value === "object" && value !== null && Object.hasOwn(value, "prototype");
}

/** Counts brackets outside of strings: a deep body must not reach a parser that may recurse. */
function checkDepth(text: string): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > DEEPEST) throw invalid(`it is nested deeper than ${DEEPEST}`);
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
}

function invalid(why: string): Problem {
  return new Problem(400, "INVALID_BODY", `the body is refused: ${why}`, { members: { field: "body", rule: "JSON" } });
}

function tooLarge(): Problem {
  return new Problem(413, "BODY_TOO_LARGE", `the body has more than ${LARGEST_BODY} bytes`, {
    members: { field: "body", rule: `at most ${LARGEST_BODY} bytes` },
  });
}
