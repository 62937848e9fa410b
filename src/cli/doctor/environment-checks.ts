/** What is looked at beside the store: the environment of this command, a server that is asked over HTTP, and what cannot be seen at all. */
import { checked, type Check } from "./check.js";

/** How long a server may take to answer, in milliseconds. */
const PATIENCE = 5_000;
/** The settings that hold a token. */
const TOKENS = ["INTERNAL_SERVICE_TOKEN", "LONGSHORE_TOKEN"];

export function environmentChecks(environment: NodeJS.ProcessEnv): Check[] {
  const set = TOKENS.filter((name) => (environment[name] ?? "") !== "");
  return [
    set.length > 0
      ? checked("token", "ok", `${set.join(" and ")} ${set.length === 1 ? "is" : "are"} set here`)
      : checked(
          "token",
          "unknown",
          `neither ${TOKENS.join(" nor ")} is set here; that of the server cannot be seen from here`,
          "a server that others can reach needs one: see longshore token",
        ),
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
