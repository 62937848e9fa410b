/**
 * A stream of server-sent events, read by `fetch`, so that the token travels in a header. A stream that is lost is taken up again
 * where it was left, with a wait that grows as long as nothing comes.
 */
import { again } from "./attempts.js";
import type { Deadline } from "./deadline.js";
import { HttpUnreachable } from "./errors.js";
import { checkCall, strange, type CallOptions, type OperationRequest, type Transport } from "./transport.js";

/** A frame. */
export interface Frame {
  readonly event: string;
  /** The JSON that it carries. */
  readonly data: unknown;
}

/** The operations that answer with a stream. */
export type StreamName = "GET /api/events" | "GET /api/jobs/{id}/events";

/** A stream on which nothing comes for so long (milliseconds) is dead: there is a sign of life every 15 seconds. */
const LONGEST_SILENCE = 45_000;

/** The id of the last frame, and how long (milliseconds) the server wants a client to wait before it comes back. */
interface Place {
  id: string;
  retry: number;
}

/**
 * The frames of a stream, without end. @throws HttpProblem for what repeating does not mend, what an outage that lasts for too long
 * shows, HttpInvalid; the signal's reason
 */
export async function* framesOf<Name extends StreamName>(
  transport: Transport,
  operation: Name,
  request: OperationRequest<Name>,
  call: CallOptions,
): AsyncGenerator<Frame, void, undefined> {
  checkCall(call);
  const place: Place = { id: "", retry: 0 };
  const attempts = transport.attempts(true, Infinity);
  for (;;) {
    const deadline = transport.deadline(call);
    try {
      const headers = { accept: "text/event-stream", ...(place.id === "" ? {} : { "last-event-id": place.id }) };
      const response = await transport.open(operation, { ...request, headers }, deadline.signal);
      if (!/^$|event-stream/.test(response.headers.get("content-type") ?? "")) throw strange(response);
      for await (const frame of read(response.body, place, deadline)) {
        attempts.failed = 0;
        yield frame;
      }
      throw new HttpUnreachable("the stream ended");
    } catch (error) {
      // Not all clients come back at the same moment.
      await again(attempts, error, deadline, call.signal, place.retry * (0.5 + Math.random() / 2));
    } finally {
      deadline.end();
    }
  }
}

async function* read(
  body: ReadableStream<Uint8Array> | null,
  place: Place,
  deadline: Deadline,
): AsyncGenerator<Frame, void, undefined> {
  if (body === null) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let half = false;
  let event = "";
  let data = "";
  let { id } = place;
  try {
    for (;;) {
      deadline.renew(LONGEST_SILENCE);
      const { done, value } = await reader.read();
      // How long the caller takes for a frame is no silence of the server.
      deadline.rest();
      if (done) return;
      const text = decoder.decode(value, { stream: true });
      // A line's end that came in two halves is one.
      const lines = (rest + (half ? text.replace(/^\n/, "") : text)).split(/\r\n|\n|\r/);
      if (text !== "") half = text.endsWith("\r");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [, field = "", content = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
        if (field === "event") event = content;
        else if (field === "data") data += `${content}\n`;
        else if (field === "id") id = content;
        else if (field === "retry") place.retry = Math.min(Number.parseInt(content) || 0, LONGEST_SILENCE);
        else if (line === "") {
          // Only now: a frame that is cut off has to come again.
          place.id = id;
          if (data !== "") yield { event, data: JSON.parse(data) };
          event = "";
          data = "";
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
