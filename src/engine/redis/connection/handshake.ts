/**
 * Why TLS fails with a node of a cluster, or with a sentinel: to those the client library connects by itself, and of a
 * certificate that is not trusted it only says that the connection is closed.
 */
import { connect, type ConnectionOptions } from "node:tls";
import type { ParsedRedisTarget, RedisAddress } from "../../redis-target.js";

/** Speaks to the first server that the library asks where the others are; `null`: there is none, or TLS is not the fault. */
export async function handshakeFault(target: ParsedRedisTarget, signal: AbortSignal): Promise<Error | null> {
  const node = target.clientOptions?.node ?? {};
  const { cluster, tls, sentinels, sentinelTls } = target;
  if (cluster !== undefined) return faultOf(cluster[0], node["tls"] ?? tls, signal);
  if (sentinels !== undefined) return faultOf(sentinels[0], node["sentinelTLS"] ?? sentinelTls, signal);
  return null;
}

function faultOf(address: RedisAddress | undefined, tls: unknown, signal: AbortSignal): Promise<Error | null> {
  if (address === undefined || tls === undefined || tls === false) return Promise.resolve(null);
  const { host, port } = address;
  const options: ConnectionOptions = typeof tls === "object" && tls !== null ? tls : {};
  return new Promise((resolve) => {
    const socket = connect({ ...options, host, port });
    const end = (fault: Error | null): void => {
      socket.destroy();
      resolve(fault);
    };
    socket.on("error", end).once("close", () => end(null));
    signal.addEventListener("abort", () => end(null), { once: true });
    // A server that wants a certificate of the client says so in answer to the first command.
    socket.once("secureConnect", () => socket.write("PING\r\n")).once("data", () => end(null));
  });
}
