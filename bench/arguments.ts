/** The options of the command line. */
import { parseArgs } from "node:util";

export const USAGE =
  "usage: npm run bench -- [--quick [--save]] [--json] [--scenario a,b] [--system a,b]\n" +
  "       npm run bench:check";

export interface Arguments {
  readonly quick: boolean;
  readonly json: boolean;
  /** Keep a quick run too. */
  readonly save: boolean;
  /** Compare with the kept quick run. */
  readonly check: boolean;
  /** `null`: all. */
  readonly scenarios: readonly string[] | null;
  readonly systems: readonly string[] | null;
}

/** Something on the command line is wrong; the message says what. */
export class WrongArguments extends Error {}

/** Reads the arguments. @throws WrongArguments */
export function readArguments(
  args: readonly string[],
  known: { readonly scenarios: readonly string[]; readonly systems: readonly string[] },
): Arguments {
  const values = parse(args);
  const { quick = false, json = false, save = false, check = false, scenario, system } = values;
  if (check && (quick || save || json || scenario !== undefined || system !== undefined)) {
    throw new WrongArguments("--check takes no other option");
  }
  if (save && (!quick || scenario !== undefined || system !== undefined)) {
    throw new WrongArguments("--save goes with --quick alone; a full run of everything is always kept");
  }
  return {
    quick: quick || check,
    json,
    save,
    check,
    scenarios: listOf("scenario", scenario, known.scenarios),
    systems: listOf("system", system, known.systems),
  };
}

function parse(args: readonly string[]): {
  quick?: boolean;
  json?: boolean;
  save?: boolean;
  check?: boolean;
  scenario?: string;
  system?: string;
} {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: "boolean" },
        json: { type: "boolean" },
        save: { type: "boolean" },
        check: { type: "boolean" },
        scenario: { type: "string" },
        system: { type: "string" },
      },
    });
    return values;
  } catch (error) {
    throw new WrongArguments(error instanceof Error ? error.message : String(error));
  }
}

function listOf(what: string, given: string | undefined, known: readonly string[]): string[] | null {
  if (given === undefined) return null;
  const names = given.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new WrongArguments(`no ${what} is called "${unknown}"; known: ${known.join(", ")}`);
  return names;
}
