/**
 * One client and the topics that it follows. It begins with a snapshot of each, or, when it comes back and the hub still has all that it
 * missed, with that; the changes follow.
 */
import { pause } from "../../model/value/clock.js";
import type { Clock } from "../../model/value/clock.js";
import type { View } from "../http/view.js";
import type { Channel, Follower, SnapshotReason } from "./channel.js";
import { encodeFrame, HEARTBEAT, type DeltaFrame, type Position } from "./frame.js";
import type { FrameHistory } from "./history.js";
import { EventStreamBody, type EndReason } from "./stream.js";

/** The time (milliseconds) between two signs of life, and between two questions whether the client may still see what it sees. */
export const HEARTBEAT_TIME = 15_000;

/** A topic of a client, as it named it. */
export interface Followed {
  readonly asked: string;
  readonly channel: Channel;
}

/** What a connection is made with. */
export interface ConnectionOptions {
  readonly clock: Clock;
  readonly view: View;
  readonly followed: readonly Followed[];
  /** May it still see what it sees? */
  readonly recheck: () => Promise<boolean>;
  readonly hangUp: (() => void) | null;
  /** It has ended; nothing of it is left. Called once. */
  readonly ended: () => void;
  readonly idOf: (position: Position) => string;
}

export class LiveConnection implements Follower {
  readonly view: View;
  readonly #options: ConnectionOptions;
  readonly #stream: EventStreamBody;
  readonly #over = new AbortController();
  /** The changes up to this one are in the snapshots that it began with. */
  #shown = 0;
  /** The topics in which some of these are still to go out to others. */
  readonly #ahead = new Set<Channel>();

  constructor(options: ConnectionOptions) {
    this.view = options.view;
    this.#options = options;
    this.#stream = new EventStreamBody({
      clock: options.clock,
      hangUp: options.hangUp,
      ended: () => {
        this.#over.abort();
        for (const { channel } of options.followed) channel.leave(this);
        options.ended();
      },
    });
  }

  get body(): ReadableStream<Uint8Array> {
    return this.#stream.body;
  }

  /** How many bytes wait for it. */
  get behind(): number {
    return this.#stream.behind;
  }

  /** Begins with what it knows already, up to `from`, or with snapshots, all of one moment. */
  begin(from: Position | null, reason: SnapshotReason, now: Position, history: FrameHistory): void {
    const { followed, idOf } = this.#options;
    const channels = [...new Set(followed.map(({ channel }) => channel))];
    const topics = followed.map(({ asked, channel }) => ({ asked, topic: channel.name }));
    this.#stream.send(encodeFrame("open", null, { topics, heartbeat: HEARTBEAT_TIME }));
    const missed = from === null ? null : missedSince(from, channels, history);
    if (from !== null && missed !== null) {
      this.#shown = from.change;
      for (const frame of missed) {
        const id = idOf({ frame: frame.number, change: from.change });
        const bytes = from.change === 0 ? frame.bytes(this.view) : frame.bytesAfter(this.view, from.change, id);
        if (bytes !== null) this.#stream.send(bytes);
      }
    } else {
      this.#shown = now.change;
      for (const [index, channel] of channels.entries()) {
        // Who saw this id has seen them all.
        const id = index === channels.length - 1 ? idOf(now) : null;
        this.#stream.send(channel.snapshot(this.view, reason, id));
      }
    }
    for (const channel of channels) {
      if (this.#shown > 0 && channel.isPending) this.#ahead.add(channel);
      if (!this.#stream.hasEnded) channel.follow(this);
    }
    void this.#beat();
  }

  delta(channel: Channel, frame: DeltaFrame): void {
    const bytes = this.#ahead.size === 0 ? frame.bytes(this.view) : this.#ownDelta(channel, frame);
    if (bytes !== null) this.#stream.send(bytes);
  }

  snapshot(channel: Channel, reason: SnapshotReason, frame: number, bytes: () => Uint8Array): void {
    this.#ahead.delete(channel);
    const id = this.#ahead.size === 0 ? null : this.#options.idOf({ frame, change: this.#shown });
    this.#stream.send(id === null ? bytes() : channel.snapshot(this.view, reason, id));
  }

  end(reason: EndReason): void {
    this.#stream.end(reason);
  }

  /** The frame without what its snapshot has shown; its id remembers that as long as others wait with such changes. */
  #ownDelta(channel: Channel, frame: DeltaFrame): Uint8Array | null {
    const shown = this.#ahead.delete(channel) ? this.#shown : 0;
    const change = this.#ahead.size === 0 ? 0 : this.#shown;
    return frame.bytesAfter(this.view, shown, this.#options.idOf({ frame: frame.number, change }));
  }

  async #beat(): Promise<void> {
    const { clock, recheck } = this.#options;
    const { signal } = this.#over;
    for (;;) {
      await pause(clock, HEARTBEAT_TIME, signal);
      if (signal.aborted) return;
      this.#stream.send(HEARTBEAT);
      // What cannot be asked now is asked again with the next beat.
      const allowed = await recheck().catch(() => true);
      if (!allowed) this.end("access-ended");
    }
  }
}

/** The frames after a position; `null` when not all of them are known any more. */
function missedSince(from: Position, channels: readonly Channel[], history: FrameHistory): DeltaFrame[] | null {
  if (channels.some(({ since }) => since === null || since > from.frame)) return null;
  const { frames, lost } = history.after(from.frame, new Set(channels.map(({ identity }) => identity)));
  return lost.size > 0 ? null : frames;
}
