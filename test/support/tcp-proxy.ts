// A TCP proxy on the loopback interface that stands between a client and a server and can misbehave as networks do: cut
// connections, refuse them, or swallow everything without a word.
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

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

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.cut();
    await closed;
  }

  #join(client: Socket, server: Socket): void {
    const pair: Pair = { client, server, dead: this.#mode === "swallow" };
    this.#pairs.add(pair);
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
}

function reset({ client, server }: Pair): void {
  client.resetAndDestroy();
  server.destroy();
}
