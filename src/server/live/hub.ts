/**
 * All streams of a process: the topics that are followed, each once however many follow it, and who follows them. A client that comes
 * back says the id of the last frame that it saw; the hub knows its own frames of the last minute by it. Another hub, or this one after
 * a restart, begins with snapshots.
 */
import { randomBytes } from "node:crypto";
import type { Longshore } from "../../client/longshore.js";
import { systemClock, type Clock } from "../../model/value/clock.js";
import { ClientCaps, COME_AGAIN, type Caps } from "../http/client-caps.js";
import { Problem } from "../http/problem.js";
import type { View } from "../http/view.js";
import { Channel } from "./channel.js";
import { LiveConnection, type Followed } from "./connection.js";
import type { Position } from "./frame.js";
import { FrameHistory } from "./history.js";
import { QueueFeeds } from "./feed/queue-feed.js";
import type { LiveParts } from "./sources/source.js";
import { makeSource } from "./sources/index.js";
import type { EndReason } from "./stream.js";
import { TagFeed } from "./feed/tag-feed.js";
import { identityOf, nameOf, type Topic } from "./sources/topic.js";

/** How long (milliseconds) a topic stays after its last client left. */
export const LINGER = 15_000;
const MOST_LINGERING = 1_000;
/** The streams of a process unless it says otherwise. */
export const STREAM_CAPS: Caps = { process: 1_000, subject: 100 };

/** A request for a stream. */
export interface LiveRequest {
  readonly topics: readonly { readonly asked: string; readonly topic: Topic }[];
  /** Two views that both show payloads, or both do not, show the same. */
  readonly view: View;
  /** Whose stream it is; `null`: of anyone who may do everything, so that it is not counted with others. */
  readonly subject: string | null;
  /** The id of the last frame that the client saw. */
  readonly lastEventId: string | null;
  /** May the client still see what it sees? Asked with each heartbeat. */
  readonly recheck?: () => Promise<boolean>;
  /** Closes the connection of a client that takes nothing any more. */
  readonly hangUp?: () => void;
}

export class LiveHub {
  readonly #clock: Clock;
  readonly #streams: ClientCaps;
  readonly #parts: LiveParts;
  readonly #epoch = randomBytes(6).toString("base64url");
  readonly #history: FrameHistory;
  readonly #channels = new Map<string, Channel>();
  /** Topics that no client follows any more, the one left first before others, and what cancels their end. */
  readonly #lingering = new Map<Channel, () => void>();
  readonly #connections = new Set<LiveConnection>();
  readonly #views = new Map<boolean, View>();
  #frame = 0;
  #change = 0;
  #isClosed = false;

  constructor(longshore: Longshore, { clock = systemClock, caps = STREAM_CAPS }: { clock?: Clock; caps?: Caps } = {}) {
    this.#clock = clock;
    this.#streams = new ClientCaps(caps, { code: "TOO_MANY_STREAMS", name: "event streams" });
    this.#history = new FrameHistory(clock);
    const feeds = new QueueFeeds(longshore, () => this.#end("engine-closed"));
    this.#parts = { longshore, clock, feeds, tags: new TagFeed(longshore, clock, feeds) };
  }

  /** What there is at the moment: for tests, and to be measured. */
  get size(): {
    streams: number;
    subjects: number;
    topics: number;
    lingering: number;
    queues: number;
    listeners: number;
    frames: number;
    behind: number;
  } {
    const { queues, listeners } = this.#parts.feeds.size;
    // Those that are about to begin included.
    const { open: streams, subjects } = this.#streams.size;
    return {
      ...{ streams, subjects },
      ...{ topics: this.#channels.size, lingering: this.#lingering.size },
      ...{ queues, listeners, frames: this.#history.length },
      behind: [...this.#connections].reduce((most, { behind }) => Math.max(most, behind), 0),
    };
  }

  /**
   * Begins a stream once it is known how things are.
   * @throws Problem 503 or 429 when there are too many; JobNotFound, EngineUnavailable
   */
  async open(request: LiveRequest): Promise<ReadableStream<Uint8Array>> {
    if (this.#isClosed) throw closing();
    const release = this.#streams.reserve(request.subject);
    const followed = request.topics.map(({ asked, topic }) => ({ asked, channel: this.#channel(topic) }));
    const holds = followed.map(({ channel }) => channel.hold());
    try {
      await Promise.all(followed.map(({ channel }) => channel.ready()));
      if (this.#isClosed) throw closing();
      return this.#begin(request, followed, release).body;
    } catch (error) {
      release();
      throw error;
    } finally {
      for (const end of holds) end();
    }
  }

  /** Ends all streams. */
  close(): void {
    this.#isClosed = true;
    this.#end("server-closing");
  }

  #begin(request: LiveRequest, followed: readonly Followed[], release: () => void): LiveConnection {
    const { lastEventId, recheck = () => Promise.resolve(true), hangUp = null } = request;
    const view = this.#views.get(request.view.payloads) ?? request.view;
    this.#views.set(view.payloads, view);
    const connection: LiveConnection = new LiveConnection({
      ...{ clock: this.#clock, view, followed, recheck, hangUp, idOf: (position) => this.#idOf(position) },
      ended: () => {
        this.#connections.delete(connection);
        release();
      },
    });
    this.#connections.add(connection);
    const from = lastEventId === null ? null : this.#positionOf(lastEventId);
    const reason = lastEventId === null ? "subscribed" : "resume-failed";
    connection.begin(from, reason, { frame: this.#frame, change: this.#change }, this.#history);
    return connection;
  }

  #channel(topic: Topic): Channel {
    const identity = identityOf(topic);
    const known = this.#channels.get(identity);
    if (known !== undefined) {
      this.#lingering.get(known)?.();
      this.#lingering.delete(known);
      return known;
    }
    const channel = new Channel(nameOf(topic), identity, (outlet) => makeSource(topic, this.#parts, outlet), {
      clock: this.#clock,
      history: this.#history,
      numbers: {
        frame: () => (this.#frame += 1),
        change: () => (this.#change += 1),
        id: (frame) => this.#idOf({ frame, change: 0 }),
      },
      left: (one) => this.#linger(one),
    });
    this.#channels.set(identity, channel);
    return channel;
  }

  #linger(channel: Channel): void {
    // One that never came to know how things are is of no use to anyone.
    if (channel.since === null) {
      this.#drop(channel);
      return;
    }
    const [first] = this.#lingering.keys();
    if (this.#lingering.size >= MOST_LINGERING && first !== undefined) this.#drop(first);
    this.#lingering.set(
      channel,
      this.#clock.after(LINGER, () => this.#drop(channel)),
    );
  }

  #drop(channel: Channel): void {
    this.#lingering.get(channel)?.();
    this.#lingering.delete(channel);
    if (this.#channels.get(channel.identity) === channel) this.#channels.delete(channel.identity);
    channel.stop();
  }

  #end(reason: EndReason): void {
    for (const connection of [...this.#connections]) connection.end(reason);
    for (const channel of [...this.#channels.values()]) this.#drop(channel);
    this.#history.clear();
  }

  #idOf({ frame, change }: Position): string {
    return change === 0 ? `${this.#epoch}.${frame}` : `${this.#epoch}.${frame}.${change}`;
  }

  #positionOf(id: string): Position | null {
    const [, epoch, frame, change] = /^([\w-]{1,20})\.(\d{1,15})(?:\.(\d{1,15}))?$/.exec(id) ?? [];
    if (epoch !== this.#epoch || Number(frame) > this.#frame) return null;
    return { frame: Number(frame), change: Number(change ?? 0) };
  }
}

function closing(): Problem {
  return new Problem(503, "SERVER_CLOSING", "the server is closing", { headers: { "retry-after": COME_AGAIN } });
}
