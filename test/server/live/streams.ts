// Streams of events as tests read them: frames, in the order in which they came.
import type { Engine } from "longshore";
import { LiveHub, type LiveRequest } from "../../../src/server/live/hub.js";
import { parseTopics, type Topic } from "../../../src/server/live/sources/topic.js";
import type { View } from "../../../src/server/http/view.js";
import { FakeTimeFixture } from "../../worker/fixtures/fake-time-fixture.js";

/** A frame of a stream; a comment has the event `comment`. */
export interface Frame {
  readonly event: string;
  readonly id: string | null;
  // Tests say by their expectations what they take it for.
  readonly data: ReturnType<typeof JSON.parse>;
}

/** The frames of a text. */
export function framesOf(text: string): Frame[] {
  return text
    .split("\n\n")
    .filter((part) => part !== "")
    .map((part) => {
      if (part.startsWith(":")) return { event: "comment", id: null, data: part.slice(1).trim() };
      const fields = new Map(
        part.split("\n").map((line) => [line.split(": ", 1)[0], line.slice(line.indexOf(": ") + 2)]),
      );
      const data = fields.get("data");
      return {
        event: fields.get("event") ?? [...fields.keys()].join(),
        id: fields.get("id") ?? null,
        data: data === undefined ? null : JSON.parse(data),
      };
    });
}

/** A stream that is read all the time. */
export class Reading {
  isOver = false;
  error: unknown = null;
  #text = "";
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
    void this.#read();
  }

  /** All whole frames that have come. */
  get frames(): Frame[] {
    return framesOf(this.#text.slice(0, this.#text.lastIndexOf("\n\n") + 2));
  }

  of(event: string): Frame[] {
    return this.frames.filter((frame) => frame.event === event);
  }

  /** What was said to have changed, in all frames. */
  get events(): ReturnType<typeof JSON.parse>[] {
    return this.of("delta").flatMap(({ data }) => data.events);
  }

  /** The id of the last frame that has one. */
  get lastId(): string | null {
    return this.frames.findLast(({ id }) => id !== null)?.id ?? null;
  }

  async leave(): Promise<void> {
    await this.#reader.cancel();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for (let next = await this.#reader.read(); !next.done; next = await this.#reader.read()) {
        this.#text += decoder.decode(next.value, { stream: true });
      }
    } catch (error) {
      this.error = error;
    }
    this.isOver = true;
  }
}

/** A view that shows payloads, or hides them. */
export function viewWith(payloads: boolean): View {
  return {
    payloads,
    payload: (_task, _place, value) => (payloads ? value : null),
    text: (text) => text,
    said: (value) => value,
  };
}

/** A hub over the memory engine, on a clock that only the test moves. */
export class LiveFixture extends FakeTimeFixture {
  readonly hub: LiveHub;

  constructor(wrap?: (engine: Engine) => Engine, caps?: { process: number; subject: number }) {
    super(wrap);
    this.hub = new LiveHub(this.longshore, { clock: this.clock, ...(caps === undefined ? {} : { caps }) });
  }

  /** Opens a stream of topics; of a job and a flow the queue is named. */
  async open(topics: string, request: Partial<LiveRequest> = {}): Promise<Reading> {
    const opening = this.hub.open({
      topics: parseTopics([topics]).map((asked) => {
        const { text } = asked;
        if (asked.kind !== "job" && asked.kind !== "flow") return { asked: text, topic: asked as Topic };
        const ref = { queue: asked.queue ?? "default", id: asked.id };
        return { asked: text, topic: { kind: asked.kind, ref, tag: null } };
      }),
      ...{ view: viewWith(true), subject: "ada", lastEventId: null },
      ...request,
    });
    const [body] = await Promise.all([opening, this.rest()]);
    const reading = new Reading(body);
    await this.rest();
    return reading;
  }

  async close(): Promise<void> {
    this.hub.close();
    await this.longshore.close();
  }
}
