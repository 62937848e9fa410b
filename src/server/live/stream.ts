/**
 * The bytes of one client: a `ReadableStream` that is read as fast as the client takes it. What waits for it is counted, and no
 * other is held up: a client that is too far behind is given up, with a last frame that says so.
 */
import type { Clock } from "../../model/value/clock.js";
import { encodeFrame, GREETING } from "./frame.js";

/** How many bytes may wait for a client. */
export const MOST_BEHIND = 1024 * 1024;
/** How long (milliseconds) a client has to take what there is after the last frame. */
const LAST_WORDS = 5_000;

/** Why a stream ended. */
export type EndReason = "server-closing" | "access-ended" | "too-slow" | "engine-closed";

/** What a stream is made with. */
export interface StreamOptions {
  readonly clock: Clock;
  /** Closes the connection of a client that takes nothing any more, which cancels the stream; `null`: the stream breaks off. */
  readonly hangUp: (() => void) | null;
  /** It has ended, for whatever reason. Called once. */
  readonly ended: () => void;
}

export class EventStreamBody {
  readonly body: ReadableStream<Uint8Array>;
  readonly #options: StreamOptions;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #waiting: Uint8Array[] = [GREETING];
  #first = 0;
  #behind = GREETING.byteLength;
  /** Did the client ask for more than there was? */
  #wanted = false;
  #ended = false;
  #giveUp: () => void = () => {};

  constructor(options: StreamOptions) {
    this.#options = options;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          this.#wanted = true;
          this.#pump();
        },
        cancel: () => {
          // It is closed already.
          this.#controller = null;
          this.#close();
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** How many bytes wait for the client. */
  get behind(): number {
    return this.#behind;
  }

  /** Has it ended, but for what waits? */
  get hasEnded(): boolean {
    return this.#ended;
  }

  send(bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#push(bytes);
    if (this.#behind > MOST_BEHIND) this.#drop();
    else this.#pump();
  }

  /** Ends it with a last frame, after all that waits. */
  end(reason: EndReason): void {
    if (this.#ended) return;
    this.#push(encodeFrame("end", null, { reason }));
    this.#finish();
  }

  #drop(): void {
    const behind = this.#behind;
    this.#waiting = [];
    this.#first = 0;
    this.#behind = 0;
    this.#push(encodeFrame("end", null, { reason: "too-slow" satisfies EndReason, behind, most: MOST_BEHIND }));
    this.#finish();
  }

  #push(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#behind += bytes.byteLength;
  }

  #finish(): void {
    this.#ended = true;
    this.#giveUp = this.#options.clock.after(LAST_WORDS, () => {
      if (this.#options.hangUp === null) this.#close(new StreamAborted());
      else this.#options.hangUp();
    });
    this.#options.ended();
    this.#pump();
  }

  #pump(): void {
    while (this.#wanted && this.#controller !== null) {
      const bytes = this.#waiting[this.#first];
      if (bytes === undefined) break;
      this.#first += 1;
      this.#behind -= bytes.byteLength;
      this.#wanted = false;
      this.#controller.enqueue(bytes);
    }
    if (this.#first === this.#waiting.length) {
      this.#waiting = [];
      this.#first = 0;
      if (this.#ended) this.#close();
    }
  }

  /** Nothing more is sent. */
  #close(error?: Error): void {
    const controller = this.#controller;
    this.#controller = null;
    this.#waiting = [];
    this.#first = 0;
    this.#behind = 0;
    this.#giveUp();
    if (error !== undefined) controller?.error(error);
    else if (this.#ended) controller?.close();
    if (this.#ended) return;
    this.#ended = true;
    this.#options.ended();
  }
}

/** The client took nothing any more. The adapter of node:http knows the code as that of a client that is gone. */
class StreamAborted extends Error {
  readonly code = "ERR_STREAM_PREMATURE_CLOSE";

  constructor() {
    super("the client takes nothing");
  }
}
