// What a Redis server carries out, as it says itself (MONITOR), over a bare connection: a client library looks for answers
// between the lines, and now and then takes one for the other.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as encryptedTo } from "node:tls";

/** A command that was carried out. */
export interface Carried {
  /** All arguments, quoted. */
  readonly text: string;
  /** Taken apart when they are asked for: a script may call a command with thousands. */
  readonly args: readonly string[];
  /** The client's address, or `lua` for one inside a script. */
  readonly source: string;
  readonly database: number;
}

/** Such as `+1795313496.466339 [0 lua] "zadd" "jobs" "1"`. */
const LINE = /^\+[\d.]+ \[(\d+) (\S+)\] (.*)$/;
const ARGUMENT = /"((?:[^"\\]|\\.)*)"/g;

export class RedisMonitor {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Hears every command from now on. @throws Error when the server does not monitor */
  static async start(url: string, hear: (command: Carried) => void): Promise<RedisMonitor> {
    const { protocol, hostname, port, username, password } = new URL(url);
    const [host, encrypted] = [hostname.replace(/^\[|\]$/g, ""), protocol === "rediss:"];
    const where = { host, port: Number(port || 6379) };
    const socket = (encrypted ? encryptedTo(where) : connect(where)).setEncoding("latin1");
    await once(socket, encrypted ? "secureConnect" : "connect");
    socket.on("error", () => undefined);
    if (password !== "") {
      const words = ["AUTH", username || "default", password].map(decodeURIComponent);
      socket.write(`*3\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`);
      await once(socket, "data");
    }
    const reply = new Promise<string>((begun) => {
      let unfinished = "";
      socket.on("data", (text: string) => {
        const lines = (unfinished + text).split("\r\n");
        unfinished = lines.pop() ?? "";
        for (const line of lines) {
          const [, database = "", source = "", rest = ""] = LINE.exec(line) ?? [];
          if (source === "") begun(line);
          else hear(carried(rest, source, Number(database)));
        }
      });
    });
    socket.write("MONITOR\r\n");
    const answer = await reply;
    if (answer !== "+OK") {
      socket.destroy();
      throw new Error(`Redis does not monitor: ${answer}`);
    }
    return new RedisMonitor(socket);
  }

  close(): void {
    this.#socket.destroy();
  }
}

function carried(text: string, source: string, database: number): Carried {
  return {
    text,
    source,
    database,
    get args() {
      return [...text.matchAll(ARGUMENT)].map(([, arg = ""]) => arg);
    },
  };
}
