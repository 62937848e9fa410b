/** The server: the HTTP API. This is all that `import … from "longshore/server"` gives. */
export { createServer, type LongshoreServer } from "./server.js";
export type { ListenOptions, Listening } from "./http/listener.js";
export type { ServerLog } from "./http/parts.js";
export type { CompatOptions, CreationRoute, MonitoringOptions } from "./compat/options.js";
export type { ServerOptions } from "./options.js";
export { SCOPES, type Access, type Scope } from "./http/access.js";
