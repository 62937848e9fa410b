/**
 * The commands a Redis server carries out, counted from MONITOR over a connection of its own. The server's counters take
 * the commands inside scripts for commands of clients; MONITOR marks those "lua", and they are counted apart. A client
 * library is not used: between MONITOR's lines it looks for answers.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface Commands {
  readonly fromClients: number;
  readonly fromScripts: number;
}

/** Such as `+1795313496.466339 [0 lua] "zadd" "jobs" "1"`: the database and the client's address, or "lua". */
const LINE = /^\+[\d.]+ \[\d+ (\S+)\] /;

/** Counts for so many milliseconds. @throws Error when the server does not monitor, or ends the connection */
export async function commandsDuring(url: string, milliseconds: number): Promise<Commands> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding("latin1");
  try {
    await once(socket, "connect");
    socket.write("MONITOR\r\n");
    const [reply] = (await once(socket, "data")) as [string];
    if (!reply.startsWith("+OK")) throw new Error(`Redis does not monitor: ${reply.trim()}`);
    return await count(socket, reply.slice(reply.indexOf("\n") + 1), milliseconds);
  } finally {
    socket.destroy();
  }
}

async function count(socket: Socket, begun: string, milliseconds: number): Promise<Commands> {
  const seen = { fromClients: 0, fromScripts: 0 };
  let unfinished = begun;
  socket.on("data", (text: string) => {
    const lines = (unfinished + text).split("\r\n");
    unfinished = lines.pop() ?? "";
    for (const line of lines) {
      const source = LINE.exec(line)?.[1];
      if (source === "lua") seen.fromScripts += 1;
      else if (source !== undefined) seen.fromClients += 1;
    }
  });
  const over = new AbortController();
  try {
    const ended = once(socket, "close", { signal: over.signal }).then(() => {
      throw new Error("Redis ended the connection that monitors it.");
    });
    await Promise.race([sleep(milliseconds, undefined, { signal: over.signal }), ended]);
  } finally {
    over.abort();
  }
  return seen;
}
