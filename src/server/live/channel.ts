/**
 * One topic, for all who follow it: its source, the changes that wait for the next frame, at most four of which go out in a second, and
 * the clients they go to. It stays for a while after the last client left, so that one that lost its connection finds its place again.
 */
import type { Clock } from "../../model/value/clock.js";
import type { View } from "../http/view.js";
import { ChangeWindow, type Change } from "./sources/change.js";
import { DeltaFrame, encodeFrame } from "./frame.js";
import type { FrameHistory } from "./history.js";
import type { Outlet, Source } from "./sources/source.js";

/** The time (milliseconds) between two frames of a topic. */
export const FRAME_TIME = 250;
/** How long (milliseconds) the first change after a rest waits for those that come with it. */
const LEAD = 10;
/** How long (milliseconds) a load waits after one that failed. */
const RETRY = 1_000;

/** Why a client gets a snapshot: the first one, or what stood between it and the changes. */
export type SnapshotReason = "subscribed" | "resume-failed" | "events-missed" | "too-many-changes";

/** A client of a topic. */
export interface Follower {
  readonly view: View;
  /** Takes the frame of a topic. */
  delta(channel: Channel, frame: DeltaFrame): void;
  /** Takes a snapshot in place of what it knows of a topic. */
  snapshot(channel: Channel, reason: SnapshotReason, frame: number, bytes: () => Uint8Array): void;
}

/** What a channel has from its hub. */
export interface ChannelParts {
  readonly clock: Clock;
  readonly history: FrameHistory;
  /** Numbers: of the next frame, the next change; and the id of a frame. */
  readonly numbers: { frame(): number; change(): number; id(frame: number): string };
  /** No client follows it any more. */
  left(channel: Channel): void;
}

export class Channel implements Outlet {
  /** Its name, as clients read it. */
  readonly name: string;
  /** What tells it from others. */
  readonly identity: string;
  readonly followers = new Set<Follower>();
  readonly #parts: ChannelParts;
  readonly #source: Source;
  readonly #window = new ChangeWindow();
  #loading: Promise<void> | null = null;
  #freshening: Promise<void> | null = null;
  #isLoaded = false;
  /** The number of the last frame of the hub when it was loaded: of what came before it knows nothing. */
  #since = 0;
  #lastFrame = Number.NEGATIVE_INFINITY;
  #cancelFrame: (() => void) | null = null;
  #cancelRetry: () => void = () => {};
  #isStopped = false;
  /** Why a snapshot is to go out in place of the next frame. */
  #resetReason: SnapshotReason | null = null;
  /** How many are about to follow it. */
  #holds = 0;

  constructor(name: string, identity: string, makeSource: (outlet: Outlet) => Source, parts: ChannelParts) {
    this.name = name;
    this.identity = identity;
    this.#parts = parts;
    this.#source = makeSource(this);
  }

  /** The frames after which of the hub it can tell; `null` before it is loaded. */
  get since(): number | null {
    return this.#isLoaded ? this.#since : null;
  }

  /** Do changes wait for the next frame? */
  get isPending(): boolean {
    return !this.#window.isEmpty;
  }

  /** Keeps it although no client follows it yet. Returns what ends that. */
  hold(): () => void {
    this.#holds += 1;
    return () => {
      this.#holds -= 1;
      this.#checkLeft();
    };
  }

  /** Resolves once it knows how things are. @throws what the source throws */
  async ready(): Promise<void> {
    if (!this.#isLoaded) {
      await this.#load();
      // A number of its own: a client that saw a frame before this one has not seen how things were.
      if (!this.#isLoaded) this.#since = this.#parts.numbers.frame();
      this.#isLoaded = true;
      return;
    }
    await this.#loading;
    this.#freshening ??= (this.#source.freshen?.() ?? Promise.resolve()).finally(() => {
      this.#freshening = null;
    });
    await this.#freshening;
  }

  follow(follower: Follower): void {
    this.followers.add(follower);
  }

  leave(follower: Follower): void {
    if (this.followers.delete(follower)) this.#checkLeft();
  }

  /** How things are now, all changes included that wait for the next frame. */
  snapshot(view: View, reason: SnapshotReason, id: string | null): Uint8Array {
    const at = new Date(this.#parts.clock.now()).toISOString();
    return encodeFrame("snapshot", id, { topic: this.name, reason, at, ...this.#source.snapshot(view) });
  }

  changed(change: Change): void {
    if (!this.#isLoaded || this.#isStopped) return;
    this.#window.add(this.#parts.numbers.change(), change);
    if (this.#window.isOverflowing) {
      this.#window.take();
      this.#reset("too-many-changes");
    } else this.#schedule();
  }

  missed(): void {
    if (this.#isStopped || !this.#isLoaded) return;
    this.#cancelRetry();
    this.#window.take();
    void this.#loadAgain();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelFrame?.();
    this.#cancelRetry();
    this.#window.take();
    this.#source.stop();
  }

  async #loadAgain(): Promise<void> {
    try {
      await this.#load();
    } catch {
      // The engine does not answer. It is asked again.
      if (!this.#isStopped) this.#cancelRetry = this.#parts.clock.after(RETRY, () => this.missed());
      return;
    }
    if (!this.#isStopped) this.#reset("events-missed");
  }

  #load(): Promise<void> {
    this.#loading ??= this.#source.load().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  #checkLeft(): void {
    if (this.followers.size === 0 && this.#holds === 0 && !this.#isStopped) this.#parts.left(this);
  }

  #reset(reason: SnapshotReason): void {
    this.#resetReason = reason;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#cancelFrame !== null) return;
    const rest = this.#lastFrame + FRAME_TIME - this.#parts.clock.monotonic();
    this.#cancelFrame = this.#parts.clock.after(Math.max(rest, LEAD), () => this.#send());
  }

  #send(): void {
    this.#cancelFrame = null;
    this.#lastFrame = this.#parts.clock.monotonic();
    this.#source.beforeFrame?.();
    // What that said belongs to this frame.
    this.#unschedule();
    const { history, numbers, clock } = this.#parts;
    if (this.#resetReason !== null) {
      this.#sendSnapshot(this.#resetReason);
      return;
    }
    if (this.#window.isEmpty) return;
    const number = numbers.frame();
    const at = new Date(clock.now()).toISOString();
    const frame = new DeltaFrame(number, this.name, at, numbers.id(number), this.#window.take());
    history.add(this.identity, number, frame);
    for (const follower of [...this.followers]) follower.delta(this, frame);
  }

  #sendSnapshot(reason: SnapshotReason): void {
    this.#resetReason = null;
    this.#window.take();
    const { history, numbers } = this.#parts;
    const number = numbers.frame();
    history.add(this.identity, number, null);
    const written = new Map<View, Uint8Array>();
    for (const follower of [...this.followers]) {
      follower.snapshot(this, reason, number, () => {
        const bytes = written.get(follower.view) ?? this.snapshot(follower.view, reason, numbers.id(number));
        written.set(follower.view, bytes);
        return bytes;
      });
    }
  }

  #unschedule(): void {
    this.#cancelFrame?.();
    this.#cancelFrame = null;
  }
}
