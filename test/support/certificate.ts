// The certificate of test servers. It is read from beside the sources, so programs that are built do without.
import { readFileSync } from "node:fs";

const read = (name: string): string => readFileSync(new URL(`tls/${name}`, import.meta.url), "utf8");

/** A certificate that signs itself, made out to localhost, and its key: for a server, and for clients of it. */
export const CERTIFICATE = { ca: read("cert.pem"), cert: read("cert.pem"), key: read("key.pem") };
