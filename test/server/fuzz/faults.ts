/** What is wrong with an answer, whatever was asked: in words, or nothing. */
import type { Operation } from "./operations.js";
import type { FuzzRequest } from "./request.js";
import type { FuzzAnswer } from "./send.js";

/** Where an error that was thrown would show: frames of a stack, places of files. */
const STACK = /\n\s+at |node:internal|\.(?:ts|js):\d+/;

/** The fault of an answer; `null` for none. */
export function faultOf(operation: Operation, { method }: FuzzRequest, answer: FuzzAnswer): string | null {
  const { status, headers, text } = answer;
  if (!(status >= 200 && status < 500)) return `status ${status}`;
  const bare = method === "HEAD";
  if (status < 400) {
    const known = method !== operation.method || operation.statuses.includes(status);
    return known || status === 304 ? null : `status ${status} is not in the document`;
  }
  if (STACK.test(text)) return "it shows a stack";
  const type = headers.get("content-type") ?? "";
  if (!type.startsWith("application/problem+json")) return `an error of type "${type}"`;
  if (status === 405 && headers.get("allow") === null) return "405 without Allow";
  return bare ? null : problemFault(status, text);
}

function problemFault(status: number, text: string): string | null {
  let body: Readonly<Record<string, unknown>>;
  try {
    body = JSON.parse(text) as typeof body;
  } catch {
    return "a problem that is no JSON";
  }
  if (typeof body["code"] !== "string" || !/^[A-Z][A-Z0-9_]+$/.test(body["code"])) return "a problem without a code";
  if (body["status"] !== status) return "a problem with another status";
  return typeof body["detail"] === "string" && body["detail"].length < 2_000
    ? null
    : "a problem without a short detail";
}
