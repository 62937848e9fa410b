// A TCP proxy on the loopback interface that stands between a client and a server and can misbehave as networks do: cut
// connections, refuse them, or swallow everything without a word.
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { endOfReply } from "./resp-replies.js";

/** `pass`: forward; `refuse`: reset every connection; `swallow`: accept, and forward nothing, also after it has ended. */
export type ProxyMode = "pass" | "refuse" | "swallow";

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Set when something of it was swallowed: such a connection never recovers. */
  dead: boolean;
}

/** Starts a proxy to a port of the loopback interface. */
export async function startTcpProxy(port: number): Promise<TcpProxy> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return new TcpProxy(server, port);
}

export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #mode: ProxyMode = "pass";
  /** What becomes of the next connections: each is cut after so many replies. */
  #sentences: number[] = [];
  /** Of how many connections still to come the answer is lost. */
  #lost = 0;
  /** How many connections there have been. */
  connections = 0;
  /** How many connections were cut after a number of replies. */
  cuts = 0;

  constructor(server: Server, target: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (client) => this.#join(client, connect(target, "127.0.0.1")));
  }

  /** Changes how it behaves, for the connections there are and for new ones. */
  set mode(mode: ProxyMode) {
    this.#mode = mode;
    for (const pair of this.#pairs) {
      if (mode === "refuse") reset(pair);
      if (mode === "swallow") pair.dead = true;
    }
  }

  /** Cuts every connection there is, with a reset. */
  cut(): void {
    for (const pair of this.#pairs) reset(pair);
  }

  /** Cuts each of the next connections when its client has been given so many replies of the Redis protocol. */
  cutNext(connections: number, replies: number): void {
    this.#sentences = Array.from({ length: connections }, () => replies);
  }

  /** Loses the answers of the next connections: each is cut when its server begins to answer, and the client gets nothing of it. */
  loseAnswers(connections: number): void {
    this.#lost = connections;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.cut();
    await closed;
  }

  #join(client: Socket, server: Socket): void {
    this.connections += 1;
    const pair: Pair = { client, server, dead: this.#mode === "swallow" };
    this.#pairs.add(pair);
    const sentence = this.#sentences.pop();
    if (sentence !== undefined) return this.#execute(pair, sentence);
    if (this.#lost > 0) {
      this.#lost -= 1;
      server.once("data", () => {
        this.cuts += 1;
        pair.dead = true;
        reset(pair);
      });
    }
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on("data", (data) => {
        if (!pair.dead) to.write(data);
      });
      // Why an end failed does not matter: the other is closed with it.
      from.on("error", () => undefined);
      from.on("close", () => {
        if (!pair.dead) to.destroy();
        if (client.destroyed) {
          server.destroy();
          this.#pairs.delete(pair);
        }
      });
    }
    if (this.#mode === "refuse") reset(pair);
  }

  // Exactly so many replies reach the client: the connection is closed behind them, not reset.
  #execute(pair: Pair, sentence: number): void {
    const { client, server } = pair;
    let left = sentence;
    let bytes = Buffer.alloc(0);
    let executed = false;
    const pass = (): void => {
      // What the client still sends while it is being closed cuts nothing more.
      if (executed) return;
      let end = 0;
      while (left > 0 && end < bytes.length) {
        const next = endOfReply(bytes, end);
        if (next === -1) break;
        end = next;
        left -= 1;
      }
      client.write(bytes.subarray(0, end));
      bytes = bytes.subarray(end);
      if (left > 0) return;
      executed = true;
      this.cuts += 1;
      client.destroySoon();
      server.destroy();
    };
    server.on("data", (data) => {
      bytes = Buffer.concat([bytes, data]);
      if (left > 0) pass();
    });
    client.on("data", (data) => {
      if (left > 0) server.write(data);
      else pass();
    });
    for (const end of [client, server]) end.on("error", () => undefined);
    server.on("close", () => client.destroySoon());
    client.on("close", () => {
      server.destroy();
      this.#pairs.delete(pair);
    });
  }
}

function reset({ client, server }: Pair): void {
  client.resetAndDestroy();
  server.destroy();
}
