/** What is looked at beside the store: the environment of this command, a server that is asked over HTTP, and what cannot be seen at all. */
import { listOf } from "../../model/insight/insight.js";
import { TOKEN_VARIABLES } from "../flags/server-flags.js";
import { checked, type Check } from "./check.js";

/** How long a server may take to answer, in milliseconds. */
const PATIENCE = 5_000;
const SOON = 7 * 24 * 3_600_000;
/** A stored token. */
interface KnownToken {
  readonly name: string;
  /** Epoch milliseconds; `null`: it does not end. */
  readonly expiresAt: number | null;
}

/** @param tokens those that are stored; `null`: they could not be read */
export function environmentChecks(
  environment: NodeJS.ProcessEnv,
  tokens: readonly KnownToken[] | null,
  now: number,
): Check[] {
  return [
    tokenCheck(environment, tokens, now),
    checked(
      "worker logs",
      "unknown",
      "where workers write their logs cannot be seen from here",
      "they write to standard output, as JSON with --log-format json: let the service manager or container keep it",
    ),
    checked(
      "alerts",
      "unknown",
      "whether there is an alert for workers that fail cannot be seen from here",
      "run this command in a timer of the system and alert on its exit code, or watch /readyz",
    ),
  ];
}

/** Is there a token that a server asks others for? */
function tokenCheck(environment: NodeJS.ProcessEnv, tokens: readonly KnownToken[] | null, now: number): Check {
  const set = TOKEN_VARIABLES.filter((name) => (environment[name] ?? "") !== "");
  const valid = (tokens ?? []).filter(({ expiresAt }) => expiresAt === null || expiresAt > now);
  const soon = valid.filter(({ expiresAt }) => expiresAt !== null && expiresAt - now < SOON).map(({ name }) => name);
  const known = [
    ...set.map((name) => `${name} is set here`),
    ...(valid.length === 0 ? [] : [`${valid.length} stored`]),
  ];
  if (soon.length > 0) {
    return checked(
      "token",
      "warning",
      `tokens end within a week: ${listOf(soon)}`,
      "make new ones: longshore token create",
    );
  }
  if (known.length > 0) return checked("token", "ok", known.join(", "));
  if (tokens !== null && tokens.length > 0) {
    return checked("token", "warning", "all stored tokens have ended", "make a new one: longshore token create");
  }
  const stored = tokens === null ? "those that are stored cannot be read" : "none is stored";
  const text = `${stored}, and neither ${TOKEN_VARIABLES.join(" nor ")} is set here; what a server was given cannot be seen from here`;
  return checked("token", "unknown", text, "a server that others can reach needs one: longshore token create");
}

/** Asks a server whether it lives, is ready, shows its dashboard, and asks others for a token. */
export async function serverChecks(url: string | undefined, ask: typeof fetch = fetch): Promise<Check[]> {
  if (url === undefined) {
    return [checked("server", "unknown", "health routes and dashboard were not looked at", "give --server URL")];
  }
  const base = url.replace(/\/+$/, "");
  return [
    await route("health", `${base}/healthz`, ask),
    await route("ready", `${base}/readyz`, ask),
    await route("dashboard", `${base}/`, ask, [401, 403]),
    await closed(`${base}/api/queues`, ask),
  ];
}

async function route(name: string, url: string, ask: typeof fetch, alsoWell: readonly number[] = []): Promise<Check> {
  const answered = await statusOf(url, ask);
  if (typeof answered === "string")
    return checked(name, "error", `${url}: ${answered}`, "is the server running, and its address right?");
  const isWell = answered < 400 || alsoWell.includes(answered);
  return checked(
    name,
    isWell ? "ok" : "error",
    `${url} answers ${answered}`,
    isWell ? null : "see its log, and longshore insights",
  );
}

async function closed(url: string, ask: typeof fetch): Promise<Check> {
  const answered = await statusOf(url, ask);
  if (typeof answered === "string") return checked("server access", "unknown", `${url}: ${answered}`);
  if (answered === 401 || answered === 403) return checked("server access", "ok", "without a token it shows nothing");
  if (answered >= 400) return checked("server access", "unknown", `${url} answers ${answered}`);
  return checked(
    "server access",
    "warning",
    "it answers without a token",
    "give it tokens (longshore token create), unless only this machine can reach it",
  );
}

/** The status that it answers with; else why it does not answer. */
async function statusOf(url: string, ask: typeof fetch): Promise<number | string> {
  try {
    const response = await ask(url, { redirect: "manual", signal: AbortSignal.timeout(PATIENCE) });
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return cause instanceof Error ? cause.message : String(cause);
  }
}
