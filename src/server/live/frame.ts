/**
 * A frame of a stream. It is written out once for those who may see payloads and once for those who may not, however many clients it
 * goes to.
 */
import type { View } from "../http/view.js";
import type { NumberedChange } from "./sources/change.js";

/** How far a client has come in the frames of a hub: its last frame, and up to which change a snapshot held all. */
export interface Position {
  readonly frame: number;
  readonly change: number;
}

const encoder = new TextEncoder();

/** A frame as it goes over the wire. An `id` is what the client says when it comes back. */
export function encodeFrame(event: string, id: string | null, data: unknown): Uint8Array {
  const head = id === null ? `event: ${event}\n` : `event: ${event}\nid: ${id}\n`;
  return encoder.encode(`${head}data: ${JSON.stringify(data)}\n\n`);
}

/** What keeps a connection open while nothing happens. */
export const HEARTBEAT = encoder.encode(": heartbeat\n\n");

/** What a stream begins with: how long (milliseconds) a client that lost it waits before it comes back. */
export const GREETING = encoder.encode("retry: 2000\n\n");

/** The changes of a topic, as one frame. */
export class DeltaFrame {
  readonly number: number;
  readonly topic: string;
  readonly changes: readonly NumberedChange[];
  /** About how many bytes it keeps in memory. */
  readonly size: number;
  readonly #at: string;
  readonly #id: string;
  readonly #written = new Map<View, Uint8Array>();

  constructor(number: number, topic: string, at: string, id: string, changes: readonly NumberedChange[]) {
    this.number = number;
    this.topic = topic;
    this.changes = changes;
    this.size = changes.reduce((sum, { change }) => sum + change.size, 200);
    this.#at = at;
    this.#id = id;
  }

  /** The frame for all clients with this view. */
  bytes(view: View): Uint8Array {
    const written = this.#written.get(view) ?? this.#write(view, this.#id, this.changes);
    this.#written.set(view, written);
    return written;
  }

  /** The frame for one client: without the changes that a snapshot has shown it; `null` when there are no others. */
  bytesAfter(view: View, change: number, id: string): Uint8Array | null {
    const fresh = this.changes.filter(({ number }) => number > change);
    return fresh.length === 0 ? null : this.#write(view, id, fresh);
  }

  #write(view: View, id: string, changes: readonly NumberedChange[]): Uint8Array {
    const events = changes.map(({ change }) => change.document(view));
    return encodeFrame("delta", id, { topic: this.topic, at: this.#at, events });
  }
}
