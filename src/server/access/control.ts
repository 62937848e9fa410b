/** All that stands between a request and its route, in order: what is asked first costs least and says least. */
import type { Longshore } from "../../client/longshore.js";
import type { AnyTask } from "../../define/task.js";
import { InvalidInput } from "../../model/errors/errors.js";
import type { Clock } from "../../model/value/clock.js";
import type { Guard } from "../http/env.js";
import type { ServerLog } from "../http/parts.js";
import { auditGuard } from "./audit.js";
import { Authentication } from "./authentication.js";
import { isLoopback } from "./client.js";
import { checkListening, requireDecided } from "./closed.js";
import { CreationLimit } from "./creation-limit.js";
import { hostGuard } from "./hosts.js";
import type { ParsedAccess } from "./options.js";
import { corsGuard, originGuard } from "./origins.js";
import { SecretPlaces } from "./secret-places.js";

/** What access control works with. */
export interface AccessSetup {
  readonly longshore: Longshore;
  readonly options: ParsedAccess;
  readonly tasks: ReadonlyMap<string, AnyTask>;
  readonly trustProxy: boolean;
  readonly log: ServerLog;
  readonly clock: Clock;
}

export class AccessControl {
  readonly trustProxy: boolean;
  readonly authentication: Authentication;
  /** The guards of every route but the health routes: names, other sites, who asks, the log, how many jobs. */
  readonly guards: readonly Guard[];
  readonly #setup: AccessSetup;
  #boundTo: string | null = null;

  constructor(setup: AccessSetup) {
    const { longshore, options, tasks, trustProxy, log, clock } = setup;
    this.#setup = setup;
    this.trustProxy = trustProxy;
    const secrets = new SecretPlaces(longshore, tasks, clock);
    const isLocal = (): boolean => this.#boundTo !== null && isLoopback(this.#boundTo.toLowerCase());
    this.authentication = new Authentication({ longshore, options, trustProxy, secrets, clock, isLocal });
    const { hosts, open, cors, createLimit } = options;
    this.guards = [
      hostGuard({ hosts, open, trustProxy, boundTo: () => this.#boundTo }),
      corsGuard(cors),
      originGuard(cors, trustProxy),
      this.authentication.guard,
      auditGuard(longshore, log, trustProxy),
      ...(createLimit === null ? [] : [creationGuard(new CreationLimit(createLimit, clock))]),
    ];
  }

  /** @throws InvalidInput unless a mounted handler knows who may do what */
  requireDecided(): void {
    requireDecided(this.#setup.options);
  }

  /**
   * Before the server listens. Answers what to say once it does: who is let in without a token.
   * @throws InvalidInput for an address that others reach while no token is needed
   */
  async listensOn(host: string): Promise<() => void> {
    const { options, longshore, log } = this.#setup;
    if (typeof host !== "string" || host === "") throw new InvalidInput("host", host, "an address or a name");
    const access = await checkListening(host, options, longshore);
    this.#boundTo = host;
    if (access === "closed") return () => {};
    const audience = "every program of this machine, and to no other";
    return () => log("warn", `No token is needed: the server is open to ${audience}`, {});
  }
}

function creationGuard(limit: CreationLimit): Guard {
  return async (c, next) => {
    let admitted = 0;
    c.set("admit", (jobs) => {
      limit.take(c.var.access.subject, jobs - admitted, admitted > 0);
      admitted = jobs;
    });
    await next();
  };
}
