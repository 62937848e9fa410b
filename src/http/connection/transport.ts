/**
 * Requests: an operation of the API by its name, sent with the token in a header, in a bounded time, and again where that has one
 * effect only. Every operation and its types come from the document (`types.ts`), so that a path that is not there does not compile.
 */
import { again, type Attempts } from "./attempts.js";
import { Deadline } from "./deadline.js";
import { milliseconds, type Duration } from "./duration.js";
import { HttpInvalid, HttpProblem, type ProblemDocument } from "./errors.js";
import { check, checkHeader, checkName, checkObject, checkOptions, isObject } from "./given.js";
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
  /**
   * How long `result()`, `events()` and `watch()` wait through an outage: without one answer of the API. Then they throw what they met
   * last. Default: 10 minutes.
   */
  outage?: Duration;
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
    /** Wait through outages, until then at most (epoch milliseconds), whatever the client's `retries`. */
    readonly until?: number;
    /** A field that every answer has: what is without it is none of the API. */
    readonly has?: string;
  };

/** A request without its types. */
interface AnyRequest {
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly query?: Readonly<Record<string, Parameter | readonly Parameter[]>> | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly repeatable?: boolean;
  readonly until?: number;
  readonly has?: string;
}

const OPTIONS = ["token", "fetch", "headers", "timeout", "retries", "outage"];
/** The operations whose answer is that it is done. */
const SILENT = /^DELETE.*\}$|obliterate/;
export class Transport {
  /** Milliseconds. */
  readonly timeout: number;
  readonly #outage: number;
  readonly #base: string;
  readonly #options: HttpOptions;

  constructor(url: string | URL, options: HttpOptions) {
    checkOptions("options", options, OPTIONS);
    const { token = "", fetch = Object, headers = {}, timeout = 30_000, retries = 0, outage = 600_000 } = options;
    if (typeof token !== "function") checkHeader("token", token);
    check(typeof fetch === "function", "fetch", fetch, "a function");
    checkObject("headers", headers);
    for (const [name, value] of Object.entries(headers)) checkHeader(`headers.${name}`, value);
    check(Number.isInteger(retries) && retries >= 0, "retries", retries, "a whole number from 0");
    this.#base = baseOf(url);
    this.#options = options;
    this.timeout = milliseconds("timeout", timeout);
    this.#outage = milliseconds("outage", outage);
  }

  /**
   * Sends a request, and gives what the API answers.
   * @throws HttpProblem, HttpUnreachable, HttpTimeout; HttpInvalid before anything is sent; the signal's reason
   */
  async call<Name extends keyof Operations>(
    operation: Name,
    request: OperationRequest<Name>,
    call: CallOptions = {},
  ): Promise<Answer<Name>> {
    checkCall(call);
    const { repeatable = operation.startsWith("GET"), until, has = "", ...parts }: AnyRequest = request;
    if ("query" in parts) checkObject("query", parts.query);
    const given = "body" in parts ? { ...parts, body: textOf(parts.body) } : parts;
    const attempts = this.attempts(repeatable, until);
    for (;;) {
      const deadline = this.deadline(call);
      try {
        const response = await this.open(operation, given, deadline.signal);
        const answer = objectOf(await response.text());
        if (SILENT.test(operation)) return undefined;
        if (answer === null || (has !== "" && !(has in answer))) throw strange(response);
        // The document says that it is; the server is held to it by tests.
        return answer;
      } catch (error) {
        await again(attempts, error, deadline, call.signal);
      } finally {
        deadline.end();
      }
    }
  }

  /** The attempts of a call: it waits through outages until then (epoch milliseconds), or not at all. */
  attempts(repeatable: boolean, until?: number): Attempts {
    return { repeatable, retries: this.#options.retries ?? 2, until, outage: this.#outage, failed: 0, since: 0 };
  }

  /** The time that one request of a call has. */
  deadline({ timeout = this.timeout, signal }: CallOptions): Deadline {
    return new Deadline(milliseconds("timeout", timeout), signal);
  }

  /** Sends a request once, its body as text, and gives the answer unread. @throws HttpProblem; what `fetch` throws */
  async open(operation: keyof Operations, request: AnyRequest, signal: AbortSignal): Promise<Response> {
    const [method = "GET", template = ""] = operation.split(" ");
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) => segmentOf(name, request.params?.[name]));
    const { fetch = globalThis.fetch } = this.#options;
    const secret = await this.#secret(signal);
    checkHeader("token", secret);
    const body = request.body as string | undefined;
    const init: RequestInit = {
      method,
      headers: {
        ...this.#options.headers,
        ...(secret && { authorization: `Bearer ${secret}` }),
        ...(body && { "content-type": "application/json" }),
        ...request.headers,
      },
      signal,
      // A command that is led elsewhere may arrive there as a read.
      redirect: method === "GET" ? "follow" : "manual",
      body: body ?? null,
    };
    const response = await fetch(this.#base + path + queryOf(request.query), init);
    if (response.ok) return response;
    throw await problemOf(response);
  }

  /** The token; empty: none. @throws HttpInvalid when it is none, with what the function threw as its cause */
  #secret(signal: AbortSignal): Promise<string> {
    const { token = "" } = this.#options;
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", reject);
      Promise.resolve()
        .then(typeof token === "function" ? token : () => token)
        .then(resolve)
        .catch((cause: unknown) => reject(new HttpInvalid("token", undefined, "text", { cause })));
    });
  }
}

/** What a call takes last. @throws HttpInvalid */
export function checkCall(call: CallOptions): void {
  checkOptions("call", call, ["signal", "timeout"]);
  const { signal } = call;
  check(signal === undefined || "aborted" in Object(signal), "signal", signal, "an AbortSignal");
}

/** What is sent as JSON. @throws HttpInvalid for what JSON does not have */
function textOf(body: unknown): string {
  checkObject("body", body);
  try {
    return JSON.stringify(body);
  } catch (cause) {
    throw new HttpInvalid("body", body, "what JSON can say", { cause });
  }
}

/** A part of a path. @throws HttpInvalid */
function segmentOf(field: string, value: unknown): string {
  checkName(field, value);
  return encodeURIComponent(value);
}

function baseOf(given: string | URL): string {
  const here = (globalThis as { location?: { href?: string } }).location?.href;
  const url = URL.canParse(String(given ?? "-:"), here) ? new URL(given, here) : null;
  if (!/^https?:$/.test(url?.protocol ?? "") || url === null || url.username + url.password !== "") {
    // It may hold a password.
    throw new HttpInvalid("url", typeof given, "an http or https address without a user");
  }
  return url.origin + url.pathname.replace(/\/+$/, "");
}

type Parameter = string | number | boolean | Date | undefined;

function queryOf(query: Readonly<Record<string, Parameter | readonly Parameter[]>> = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) {
      if (one !== undefined) parameters.append(name, one instanceof Date ? one.toISOString() : String(one));
    }
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/** The object that a text is; `null` for what something between here and the server says in its own words. */
function objectOf(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

async function problemOf(response: Response): Promise<HttpProblem> {
  const problem = objectOf(await response.text()) as ProblemDocument | null;
  if (typeof problem?.code !== "string") return strange(response);
  return new HttpProblem(response.status, problem, retryAfterOf(response));
}

/** Something between here and the server answered, or another server; a redirect has the status 0 in a browser. */
export function strange(response: Response): HttpProblem {
  const detail = `${response.status} ${response.statusText} is no answer of the API`;
  return new HttpProblem(response.status, { code: "NO_API_ANSWER", detail }, retryAfterOf(response));
}

/** Seconds, or a date. */
function retryAfterOf({ headers }: Response): number | null {
  const value = headers.get("retry-after");
  if (value === null) return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}
