/**
 * What the store says of itself, for who looks after it: can it be written to, what survives a crash, may it delete what is stored, how
 * full it is. A store is one server or file, or the servers of a cluster that have slots. What cannot be known of one, or is not for
 * this user to know, is `null`. Sizes are bytes, times epoch milliseconds.
 */
import type { Awaitable } from "./awaitable.js";

/** How what is stored outlives the server, its machine, or this process. */
export interface StorePersistence {
  /** In words: `"none"`, `"aof everysec"`, `"rdb snapshots"`, `"sqlite wal, synchronous normal"`. */
  readonly text: string;
  /** `log`: every command is written to a file; `snapshots`: all of it now and then; `none`: nothing outlives it. */
  readonly kind: "log" | "snapshots" | "none" | null;
  /** Does an answer mean that the disk has it? */
  readonly synced: boolean | null;
  /** Did it save the last time it tried to? A server that does not refuses writes sooner or later. */
  readonly lastSaveOk: boolean | null;
  /** When it last wrote a snapshot, or a new log. */
  readonly lastSaveAt: number | null;
}

/** One server or file. */
export interface StoreNode {
  /** `host:port`, or the path of the file. */
  readonly name: string;
  /** What it is: `"redis"`, `"valkey"`, `"sqlite"`, `"memory"`, and its version. */
  readonly software: string;
  readonly version: string | null;
  /** Can it be written to now? That was tried (`Engine.probe`). */
  readonly writable: boolean;
  /** Why not; `null` when it can be. */
  readonly refusal: string | null;
  readonly persistence: StorePersistence;
  /** What Redis does when memory is full: anything but `noeviction` deletes jobs. */
  readonly evictionPolicy: string | null;
  /** How many keys it has deleted for want of memory since it runs. */
  readonly evicted: number | null;
  readonly memoryUsed: number | null;
  /** How much memory it may use; 0: as much as there is. */
  readonly memoryLimit: number | null;
  /** The size of the file, with its log. */
  readonly fileSize: number | null;
  /** Free room on its disk. */
  readonly diskFree: number | null;
  /** Does it ask everybody for a password? */
  readonly auth: boolean | null;
  /** Is the connection to it encrypted? */
  readonly tls: boolean | null;
  /** As whom this process is known there. */
  readonly user: string | null;
  /** What that user may not do and Longshore needs; empty: it may do all of it. */
  readonly missingRights: readonly string[] | null;
  /** How far its clock is ahead of that of this process, milliseconds; negative: behind. */
  readonly clockAhead: number | null;
  /** How far that may be wrong: half of the round trip in which it was asked. */
  readonly clockAccuracy: number | null;
}

/** A node of which nothing is known but that it is there. Engines say the rest. */
export const NODE_UNKNOWN: Omit<StoreNode, "name" | "software" | "writable" | "refusal"> = {
  version: null,
  persistence: { text: "unknown", kind: null, synced: null, lastSaveOk: null, lastSaveAt: null },
  evictionPolicy: null,
  evicted: null,
  memoryUsed: null,
  memoryLimit: null,
  fileSize: null,
  diskFree: null,
  auth: null,
  tls: null,
  user: null,
  missingRights: null,
  clockAhead: null,
  clockAccuracy: null,
};

/** The commands on the store as a whole. */
export interface StoreCommands {
  /** What the store says of itself: a fixed number of questions to each node, whatever is stored. @throws EngineUnavailable when none answers */
  store(): Awaitable<readonly StoreNode[]>;
  /**
   * Writes something that changes nothing, to each node: answers when new jobs would be accepted, and throws when they would not, as where a
   * replica answers, memory or the disk is full, or a file may not be written. It is tried once, so that it says at once what is wrong.
   * @throws EngineUnavailable, EngineRefused
   */
  probe(): Awaitable<void>;
}
