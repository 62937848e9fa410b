/**
 * Requests: an operation of the API by its name, sent with the token in a header, in a bounded time, and again where that has one
 * effect only. Every operation and its types come from the document (`types.ts`), so that a path that is not there does not compile.
 */
import { Deadline, pause } from "./deadline.js";
import { milliseconds, type Duration } from "./duration.js";
import { HttpInvalid, HttpProblem, HttpTimeout, HttpUnreachable, type ProblemDocument } from "./errors.js";
import type { Operations } from "./types.js";

/** How the client reaches the server. */
export interface HttpOptions {
  /** The token, or a function that gives it, asked for each request. It travels in a header, never in a URL. Default: none. */
  token?: string | (() => string | Promise<string>);
  /** Default: the `fetch` of the environment. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Headers of every request. Default: none. */
  headers?: Readonly<Record<string, string>>;
  /** How long one request may take. Default: 30 seconds. */
  timeout?: Duration;
  /**
   * How often a request is sent again that has had no answer, or was refused for now: a read, and an `enqueue`, which carries a key
   * so that it has one effect; a command only where the server has not begun it (429). Default: 2.
   */
  retries?: number;
}

/** What every call takes last. */
export interface CallOptions {
  /** Ends the call with the signal's reason. What the server does already it goes on to do. */
  signal?: AbortSignal | undefined;
  /** How long one request may take. Default: the client's. */
  timeout?: Duration | undefined;
}

type Part<Operation, Name extends "params" | "query" | "body"> =
  Operation extends Record<Name, infer Value>
    ? undefined extends Value
      ? { readonly [Key in Name]?: Value }
      : object extends Value
        ? { readonly [Key in Name]?: Value | undefined }
        : { readonly [Key in Name]: Value }
    : never;

/** What an operation answers. */
export type Answer<Name extends keyof Operations> = Operations[Name]["answer"];

/** What an operation is sent. */
export type OperationRequest<Name extends keyof Operations> = Part<Operations[Name], "params"> &
  Part<Operations[Name], "query"> &
  Part<Operations[Name], "body"> & {
    readonly headers?: Readonly<Record<string, string>>;
    /** May it be sent again although it may have been done? Default: a `GET` may. */
    readonly repeatable?: boolean;
    /** Go on for as long as it takes, whatever the client's `retries`. */
    readonly patient?: boolean;
  };

/** A request without its types. */
interface AnyRequest {
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly query?: Readonly<Record<string, Parameter | readonly Parameter[]>> | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly repeatable?: boolean;
  readonly patient?: boolean;
}

const OPTIONS = ["token", "fetch", "headers", "timeout", "retries"];
/** Milliseconds: the first wait before a repetition, and the longest. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 10_000;
/** A request that is to come back later than this (milliseconds) is given up. */
const LONGEST_RETRY_AFTER = 60_000;

export class Transport {
  /** Milliseconds. */
  readonly timeout: number;
  readonly #base: string;
  readonly #options: HttpOptions;

  constructor(url: string | URL, options: HttpOptions) {
    for (const name of Object.keys(options)) {
      if (!OPTIONS.includes(name)) throw new HttpInvalid(name, `no such option; known: ${OPTIONS.join(", ")}`);
    }
    this.#base = baseOf(url);
    this.#options = options;
    this.timeout = milliseconds("timeout", options.timeout ?? 30_000);
  }

  /**
   * Sends a request, and gives what the API answers.
   * @throws HttpProblem, HttpUnreachable, HttpTimeout; the signal's reason
   */
  async call<Name extends keyof Operations>(
    operation: Name,
    request: OperationRequest<Name>,
    call: CallOptions = {},
  ): Promise<Answer<Name>> {
    const { repeatable = operation.startsWith("GET"), patient = false }: AnyRequest = request;
    const repetitions = patient ? Infinity : (this.#options.retries ?? 2);
    for (let failed = 0; ; failed += 1) {
      const deadline = this.deadline(call);
      try {
        const response = await this.open(operation, request, deadline.signal);
        const text = await response.text();
        // The document says that it is; the server is held to it by tests.
        return text === "" ? undefined : parsed(response, text);
      } catch (thrown) {
        const error = deadline.errorOf(thrown);
        const wait = waitAfter(error, repeatable, failed);
        if (wait === null || failed >= repetitions) throw error;
        deadline.end();
        await pause(wait, call.signal);
      } finally {
        deadline.end();
      }
    }
  }

  /** The time that one request of a call has. */
  deadline({ timeout, signal }: CallOptions): Deadline {
    return new Deadline(timeout === undefined ? this.timeout : milliseconds("timeout", timeout), signal);
  }

  /** Sends a request once, and gives the answer with its body unread. @throws HttpProblem; what `fetch` throws */
  async open(operation: keyof Operations, request: AnyRequest, signal: AbortSignal): Promise<Response> {
    const [method = "GET", template = ""] = operation.split(" ");
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) => segmentOf(name, request.params?.[name]));
    const { token, fetch = globalThis.fetch } = this.#options;
    const secret = typeof token === "function" ? await token() : token;
    const init: RequestInit = {
      method,
      headers: {
        ...this.#options.headers,
        ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...request.headers,
      },
      signal,
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    };
    const response = await fetch(this.#base + path + queryOf(request.query), init);
    if (response.ok) return response;
    throw await problemOf(response);
  }
}

/** A part of a path. An empty one, "." and ".." would lead to another route. @throws HttpInvalid */
function segmentOf(field: string, value: unknown): string {
  if (typeof value === "string" && !/^\.{0,2}$|\p{Cs}/u.test(value)) return encodeURIComponent(value);
  throw new HttpInvalid(field, 'text that is not empty, "." or ".."');
}

/** How long to wait before a request that failed so is sent again; `null`: it is not. */
export function waitAfter(error: unknown, repeatable: boolean, failed: number): number | null {
  const wait = Math.min(FIRST_WAIT * 2 ** failed, LONGEST_WAIT) * (0.5 + Math.random() / 2);
  if (error instanceof HttpUnreachable || error instanceof HttpTimeout) return repeatable ? wait : null;
  if (!(error instanceof HttpProblem)) return null;
  const { status, retryAfter } = error;
  // 429 says that nothing was begun.
  if (status !== 429 && !(repeatable && status >= 502 && status <= 504)) return null;
  return retryAfter !== null && retryAfter > LONGEST_RETRY_AFTER ? null : Math.max(wait, retryAfter ?? 0);
}

function baseOf(given: string | URL): string {
  const here = (globalThis as { location?: { href?: string } }).location?.href;
  const url = URL.canParse(String(given), here) ? new URL(given, here) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username + url.password !== "") {
    throw new HttpInvalid("url", "the http or https address of a server, without a user in it");
  }
  return url.origin + url.pathname.replace(/\/+$/, "");
}

type Parameter = string | number | boolean | Date | undefined;

function queryOf(query: Readonly<Record<string, Parameter | readonly Parameter[]>> = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) parameters.append(name, one instanceof Date ? one.toISOString() : String(one));
    }
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

function parsed(response: Response, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw strange(response, "what the server answers is no JSON: is this its address?");
  }
}

async function problemOf(response: Response): Promise<HttpProblem> {
  const text = await response.text();
  try {
    const problem = JSON.parse(text) as ProblemDocument;
    if (typeof problem.code === "string") return new HttpProblem(response.status, problem, retryAfterOf(response));
  } catch {
    // Something between here and the server answered in its own words.
  }
  return strange(response, `the server answered ${response.status} ${response.statusText}`);
}

function strange(response: Response, detail: string): HttpProblem {
  return new HttpProblem(response.status, { code: "NO_API_ANSWER", detail }, retryAfterOf(response));
}

/** Seconds, or a date. */
function retryAfterOf({ headers }: Response): number | null {
  const value = headers.get("retry-after");
  if (value === null) return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}
