/** `longshore token`: tokens for the server: made, listed, revoked. */
import type { Command } from "commander";
import type { Grant } from "../../model/access/scope.js";
import { MOST_GRANTS } from "../../model/access/scope.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { parsePositiveDuration } from "../../model/value/duration.js";
import { parseName } from "../../model/value/name.js";
import { listed, refuseUnknown } from "../flags/arguments.js";
import { connected } from "../flags/connection.js";
import { NotFound, UsageError } from "../terminal/exit.js";
import { paint } from "../terminal/table.js";
import { moment, parseMoment } from "../terminal/time-text.js";

interface CreateFlags {
  scopes?: string[];
  tag?: string;
  expires?: string;
}

export function defineToken(token: Command): void {
  token
    .command("create")
    .description("make a token and print its secret, this once")
    .argument("<name>", "what it is called, in the audit log, too")
    .requiredOption(
      "--scopes <scopes>",
      "read, read:payload, enqueue, enqueue:QUEUE, operate, admin; with commas, or given again",
      listed,
    )
    .option("--tag <tag>", "only jobs with this tag are seen and touched")
    .option("--expires <when>", "when it ends: 30d, or a time such as 2027-01-31T00:00:00Z (default: never)")
    .action(async (name: string, _flags: unknown, command: Command) => create(command, name));
  token
    .command("list", { isDefault: true })
    .description("list tokens, without their secrets")
    .allowExcessArguments()
    .action(async (_flags: unknown, command: Command) => list(command));
  token
    .command("revoke")
    .description("end tokens: within 5 s they let no one in")
    .argument("<names...>")
    .action(async (names: string[], _flags: unknown, command: Command) => revoke(command, names));
}

async function create(command: Command, name: string): Promise<void> {
  const { scopes = [], tag, expires } = command.opts<CreateFlags>();
  if (scopes.length > MOST_GRANTS) throw new UsageError(`--scopes: at most ${MOST_GRANTS}`);
  const expiresAt = expires === undefined ? {} : { expiresAt: timeOf(expires) };
  await connected(
    command,
    async ({ longshore, out }) => {
      const made = await longshore.tokens.create({
        ...{ name, scopes: scopes as readonly Grant[] },
        ...(tag === undefined ? {} : { tag }),
        ...expiresAt,
      });
      if (out.json) out.document(made);
      else out.line(made.token);
      out.note(`token ${made.name} may ${made.scopes.join(", ")}; keep it now, it is not shown again`);
    },
    // The first token is made before anything else is there.
    { creates: true },
  );
}

/** `30d` from now, or a time. */
function timeOf(text: string): Date {
  if (/^\d{4}-/.test(text)) return parseMoment("--expires", text);
  try {
    return new Date(Date.now() + parsePositiveDuration("--expires", text));
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    throw new InvalidInput("--expires", text, "a duration such as 30d, or a time such as 2027-01-31T00:00:00Z");
  }
}

async function list(command: Command): Promise<void> {
  refuseUnknown(command);
  await connected(command, async ({ longshore, out }) => {
    const tokens = await longshore.tokens.list();
    if (out.json) {
      out.document(tokens);
      return;
    }
    if (tokens.length === 0) out.note("there are no tokens; longshore token create NAME --scopes read makes one");
    const rows = tokens.map(({ name, scopes, tag, createdAt, expiresAt, usedAt }) => [
      ...[name, scopes.join(", "), tag ?? "", moment(createdAt)],
      expiresAt === null ? "never" : expiresAt <= Date.now() ? paint("red", "ended") : moment(expiresAt),
      usedAt === null ? "" : moment(usedAt),
    ]);
    const columns = ["NAME", "SCOPES", "TAG", "CREATED", "ENDS", "USED"].map((title) => ({ title }));
    if (rows.length > 0) out.table(columns, rows);
  });
}

async function revoke(command: Command, names: readonly string[]): Promise<void> {
  for (const name of names) parseName("name", name);
  await connected(command, async ({ longshore, out }) => {
    const missing: string[] = [];
    for (const name of names) if (!(await longshore.tokens.revoke(name))) missing.push(name);
    const revoked = names.filter((name) => !missing.includes(name));
    if (out.json) out.document({ revoked, missing });
    else for (const name of revoked) out.line(`Revoked token ${name}`);
    if (missing.length > 0) throw new NotFound(`there is no token ${missing.join(", ")}`);
  });
}
