/**
 * What a topic knows: how things are, kept up to date by events or by reads now and then, and what of it changes. A source is asked for
 * a snapshot at any moment; what changes after it follows as changes.
 */
import type { Longshore } from "../../../client/longshore.js";
import type { Clock } from "../../../model/value/clock.js";
import type { View } from "../../http/view.js";
import type { Change } from "./change.js";
import type { QueueFeeds } from "../feed/queue-feed.js";
import type { TagFeed } from "../feed/tag-feed.js";

/** What sources work with. */
export interface LiveParts {
  readonly longshore: Longshore;
  readonly clock: Clock;
  readonly feeds: QueueFeeds;
  readonly tags: TagFeed;
}

/** Where a source tells what changes. */
export interface Outlet {
  changed(change: Change): void;
  /** Changes were missed. The source is loaded again, and all who follow it get a snapshot. */
  missed(): void;
}

/** The state of a topic. */
export interface Source {
  /** Reads how things are; from then on it reports changes. Called again after `missed`. @throws JobNotFound, EngineUnavailable */
  load(): Promise<void>;
  /** Makes what a snapshot shows as new as it can be where that costs reads; absent where it is new at all times. */
  freshen?(): Promise<void>;
  /** How things are now, as a client may see it. */
  snapshot(view: View): Readonly<Record<string, unknown>>;
  /** A frame goes out now: what it reports once a frame it reports now. */
  beforeFrame?(): void;
  stop(): void;
}
