/** Sending a drawn request: to the `fetch` of a server, or byte by byte over a socket. Both say what was answered, and in time. */
import { connect as connectSocket } from "node:net";
import type { Chance } from "./random.js";
import type { FuzzRequest } from "./request.js";

/** An answer. */
export interface FuzzAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Milliseconds within which every request is answered, on a machine that does ten other things. */
const PATIENCE = 10_000;

/** Sends to `fetch`; `null` for a request that no `Request` can say. */
export async function sendToFetch(
  fetch: (request: Request) => Promise<Response>,
  { method, target, headers, body }: FuzzRequest,
): Promise<FuzzAnswer | null> {
  let request: Request;
  try {
    const given = new Headers();
    for (const [name, value] of headers) given.append(name, value);
    const withBody = body !== null && method !== "GET" && method !== "HEAD";
    request = new Request(`http://localhost${target.startsWith("/") ? "" : "/"}${target}`, {
      ...{ method, headers: given },
      ...(withBody ? { body: new Uint8Array(body) } : {}),
    });
  } catch {
    return null;
  }
  return answered(async () => {
    const response = await fetch(request);
    return { status: response.status, headers: response.headers, text: await textOf(response) };
  });
}

/** The body; of a stream that does not end its beginning. */
async function textOf(response: Response): Promise<string> {
  if (!isStream(response.headers) || response.body === null) return response.text();
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const { value } = await reader.read();
  await reader.cancel();
  return Buffer.from(value ?? []).toString();
}

function isStream(headers: Headers): boolean {
  return (headers.get("content-type") ?? "").startsWith("text/event-stream");
}

/**
 * Sends over a socket; some of the requests are not even HTTP, and some clients hang up half-way.
 * @returns the last answer on the connection; `null` for a client that hung up before it came
 */
export async function sendRaw(port: number, request: FuzzRequest, chance: Chance): Promise<FuzzAnswer | null> {
  const hangsUp = chance.in(0.03);
  const whole = written(request, chance);
  const bytes = hangsUp ? whole.subarray(0, chance.below(whole.length)) : whole;
  return answered(
    () =>
      new Promise((resolve, reject) => {
        const socket = connectSocket({ port, host: "127.0.0.1", allowHalfOpen: true });
        const parts: Buffer[] = [];
        socket.on("data", (part) => {
          parts.push(part);
          const [answer] = answersOf(Buffer.concat(parts));
          if (answer !== undefined && isStream(answer.headers)) socket.destroy();
        });
        socket.once("error", reject);
        socket.once("end", () => socket.end());
        socket.once("close", () => {
          const answer = answersOf(Buffer.concat(parts)).at(-1);
          if (answer === undefined && !hangsUp)
            reject(new Error(`closed without an answer: ${JSON.stringify(bytes.subarray(0, 300).toString("latin1"))}`));
          else resolve(answer ?? null);
        });
        socket.write(bytes);
        if (hangsUp) socket.end();
      }),
  );
}

/** The request as bytes, its framing spoilt at times. */
function written({ method, target, headers, body }: FuzzRequest, chance: Chance): Buffer {
  const lines = headers.filter(([name]) => name !== "upgrade").map(([name, value]) => `${name}: ${value}`);
  if (!headers.some(([name]) => name === "host") && !chance.in(0.03)) lines.push("Host: localhost");
  lines.push("Connection: close");
  const bytes = body ?? Buffer.alloc(0);
  const framing = chance.below(40);
  let sent: Buffer = Buffer.from(bytes);
  if (framing < 8) {
    lines.push("Transfer-Encoding: chunked");
    const trailers = chance.in(0.3) ? "x-trailer: 1\r\n" : "";
    const chunk = bytes.length === 0 ? "" : `${bytes.length.toString(16)}\r\n`;
    sent = Buffer.concat([Buffer.from(chunk), bytes, Buffer.from(`${chunk === "" ? "" : "\r\n"}0\r\n${trailers}\r\n`)]);
  } else if (framing === 8) lines.push("Transfer-Encoding: gzip, chunked", "Content-Length: 3");
  else if (framing === 9) lines.push("Content-Length: 1e3");
  else if (framing === 10) lines.push(`Content-Length: ${bytes.length}`, `Content-Length: ${bytes.length + 1}`);
  else if (bytes.length > 0) lines.push(`Content-Length: ${bytes.length}`);
  const version = chance.in(0.02) ? chance.of(["HTTP/1.0", "HTTP/2.0", "HTTP/9", ""]) : "HTTP/1.1";
  const first = `${method} ${chance.in(0.02) ? chance.of(["*", "http://localhost/api/jobs", "", "x"]) : target} ${version}`;
  return Buffer.concat([Buffer.from(`${[first, ...lines].join("\r\n")}\r\n\r\n`), sent]);
}

/** The final answers among these bytes, those of `100 Continue` left out. */
function answersOf(bytes: Buffer): FuzzAnswer[] {
  const answers: FuzzAnswer[] = [];
  let rest = bytes.toString("latin1");
  for (;;) {
    const end = rest.indexOf("\r\n\r\n");
    if (end === -1) return answers;
    const [first = "", ...lines] = rest.slice(0, end).split("\r\n");
    const status = Number(first.split(" ")[1]);
    const headers = new Headers(
      lines.map((line): [string, string] => {
        const at = line.indexOf(":");
        return [line.slice(0, at), line.slice(at + 1).trim()];
      }),
    );
    rest = rest.slice(end + 4);
    if (status < 200) continue;
    const length = headers.get("content-length");
    const body = length === null ? rest : rest.slice(0, Number(length));
    rest = length === null ? "" : rest.slice(Number(length));
    const text = headers.get("transfer-encoding") === "chunked" ? unchunked(body) : body;
    answers.push({ status, headers, text: Buffer.from(text, "latin1").toString() });
  }
}

function unchunked(body: string): string {
  let text = "";
  let rest = body;
  for (;;) {
    const end = rest.indexOf("\r\n");
    const length = Number.parseInt(rest.slice(0, Math.max(0, end)), 16);
    if (!(length > 0)) return text;
    text += rest.slice(end + 2, end + 2 + length);
    rest = rest.slice(end + 4 + length);
  }
}

async function answered<Answer>(send: () => Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE} ms`)), PATIENCE);
  });
  try {
    return await Promise.race([send(), late]);
  } finally {
    clearTimeout(timer);
  }
}
