/**
 * The hook of the host application, `authorize`: asked with copies of its own, so that nothing it does to them changes what is done, and
 * for a bounded time. What it answers is checked; an answer that is none lets no one in.
 */
import { parseGrants, type Grant } from "../../model/access/scope.js";
import { pause, type Clock } from "../../model/value/clock.js";
import { parseKey } from "../../model/value/name.js";
import type { Access, Resource } from "../http/access.js";
import type { Authorize } from "./options.js";

/** How long (milliseconds) the hook may take. */
export const LONGEST_ANSWER = 10_000;

/** Who asks, as the hook says it. */
interface NamedAccess {
  readonly name: string;
  readonly scopes: readonly Grant[];
  readonly tag: string | null;
}

/** What the hook is asked with. */
export interface HookSetup {
  readonly authorize: Authorize;
  /** Are tokens said to decide, so that the hook adds to them? */
  readonly tokensDecide: boolean;
  readonly clock: Clock;
  /** Makes accesses. */
  readonly accesses: { readonly of: (named: NamedAccess) => Access; readonly everything: () => Access };
}

export class AuthorizeHook {
  readonly #setup: HookSetup;

  constructor(setup: HookSetup) {
    this.#setup = setup;
  }

  /**
   * What who asks may do, as the hook says it; `null` when it refuses. Answers that go on for long ask it anew (`holds`).
   * @param known the access of the token that was sent
   * @throws what the hook throws; TypeError for an answer that is none
   */
  async ask(request: Request, action: string, resource: Resource, known: Access | null): Promise<Access | null> {
    const answer = await this.#answer(request, action, resource);
    const access = this.#accessOf(answer, known);
    if (access === null) return null;
    const holds = async (): Promise<boolean> => {
      if (answer === true && (await known?.holds?.()) === false) return false;
      return isSame(answer, await this.#answer(request, action, resource));
    };
    return { ...access, holds };
  }

  #accessOf(answer: boolean | NamedAccess, known: Access | null): Access | null {
    const { tokensDecide, accesses } = this.#setup;
    if (answer === false) return null;
    if (answer === true) return known ?? (tokensDecide ? null : accesses.everything());
    return accesses.of(answer);
  }

  async #answer(request: Request, action: string, resource: Resource): Promise<boolean | NamedAccess> {
    const { authorize, clock } = this.#setup;
    const over = new AbortController();
    const late = pause(clock, LONGEST_ANSWER, over.signal).then((): never => {
      throw new Error(`authorize: no answer about ${action} within ${LONGEST_ANSWER / 1_000} s`);
    });
    try {
      return parseAnswer(await Promise.race([authorize(request, action, structuredClone(resource)), late]));
    } finally {
      // Nothing waits for it any more.
      late.catch(() => {});
      over.abort();
    }
  }
}

/** @throws TypeError as a fault of the server: the request is not to blame */
function parseAnswer(answer: unknown): boolean | NamedAccess {
  if (typeof answer === "boolean") return answer;
  if (typeof answer !== "object" || answer === null) {
    throw new TypeError("authorize: answered neither true nor false nor an access");
  }
  const { subject, scopes, tag } = answer as { subject?: unknown; scopes?: unknown; tag?: unknown };
  try {
    return {
      name: parseKey("subject", subject, 200),
      scopes: parseGrants("scopes", scopes),
      tag: tag === undefined || tag === null ? null : parseKey("tag", tag, 128),
    };
  } catch (error) {
    throw new TypeError(`authorize: ${String(error)}`, { cause: error });
  }
}

/** Does the hook say the same as before? */
function isSame(before: boolean | NamedAccess, now: boolean | NamedAccess): boolean {
  if (typeof before === "boolean" || typeof now === "boolean") return before === now;
  const [these, those] = [before, now].map(({ scopes }) => scopes.toSorted().join());
  return before.name === now.name && before.tag === now.tag && these === those;
}
