/**
 * One connection per file and process: every engine on a file shares the descriptors, the cache, the writer and the watch of the
 * first one. So commands of all of them share transactions, and a change by one wakes the others at once. The last one that is
 * closed closes it. A thread has connections of its own, as the heartbeat's must: it works while the event loop is blocked.
 * Engines that differ in their clock, as in tests, share nothing. Where one is to wait for the disk (`durability: "full"`), all do.
 */
import { Connection, type ConnectionOptions } from "./connection.js";
import { fileAt } from "./database/file/file-place.js";
import { realPath } from "./database/file/real-path.js";
import { refuseNetwork } from "./database/file/file-system.js";
import type { OpenOptions } from "./database/file/file.js";

/** The use that one engine makes of a connection. */
export interface Share {
  readonly connection: Connection;
  /** Gives it up. */
  release(): void;
}

interface SharedConnection {
  readonly connection: Connection;
  readonly options: ConnectionOptions;
  readonly users: Set<Share>;
  /** How many of them are to wait for the disk. */
  full: number;
}

const open = new Set<SharedConnection>();
/** Files that are being opened, by path. */
const opening = new Map<string, Promise<unknown>>();

/** A connection of this one engine, as another process would have it. @throws EngineUnavailable, EngineRefused */
export async function openAlone(options: ConnectionOptions, how: OpenOptions): Promise<Share> {
  const connection = await Connection.open(options, how);
  return { connection, release: () => connection.close() };
}

/** The connection of this process to a file; opened, if there is none. @throws EngineUnavailable, EngineRefused */
export async function shareConnection(options: ConnectionOptions, how: OpenOptions): Promise<Share> {
  refuseNetwork(options.target);
  const path = realPath(options.target.path);
  for (let pending = opening.get(path); pending !== undefined; pending = opening.get(path)) await pending;
  const found = find(options);
  if (found !== null) return use(found, options);
  const opened = Connection.open(options, how);
  const settled = opened.then(
    () => undefined,
    () => undefined,
  );
  opening.set(path, settled);
  try {
    const connection = await opened;
    const one: SharedConnection = { connection, options, users: new Set(), full: 0 };
    open.add(one);
    return use(one, options);
  } finally {
    opening.delete(path);
  }
}

/** The open connection to the file that is at the path now. */
function find({ target, clock, budget }: ConnectionOptions): SharedConnection | null {
  const file = fileAt(target.path);
  if (file == null) return null;
  for (const one of open) {
    const { connection, options } = one;
    if (connection.file === file && options.clock === clock && options.budget === budget) return one;
  }
  return null;
}

function use(one: SharedConnection, { target }: ConnectionOptions): Share {
  const { connection } = one;
  const count = (by: 1 | -1): void => {
    if (target.durability === "normal") return;
    one.full += by;
    connection.waitForDisk(one.full > 0);
  };
  const mine: Share = {
    connection,
    release: () => {
      if (!one.users.delete(mine)) return;
      if (one.users.size > 0) {
        count(-1);
        connection.commit();
        return;
      }
      open.delete(one);
      connection.close();
    },
  };
  one.users.add(mine);
  count(1);
  return mine;
}
