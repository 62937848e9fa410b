/** The server: the HTTP API. This is all that `import … from "longshore/server"` gives. */
export { createServer, type LongshoreServer } from "./server.js";
export type { ListenOptions, Listening } from "./http/listener.js";
export type { ServerLog } from "./http/parts.js";
export type { CompatOptions, CreationRoute, MonitoringOptions } from "./compat/options.js";
export type { ServerOptions } from "./options.js";
export { SCOPES, type Access, type Resource, type Scope } from "./http/access.js";
export type { AccessOptions, Authorize, GivenAccess, RateOption, TokenOption } from "./access/options.js";
