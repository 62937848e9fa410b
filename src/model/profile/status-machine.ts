/**
 * A task's own statuses and the transitions allowed between them, as data: QUEUED → RUNNING → TEASER_READY →
 * FULL_READY. They belong to the domain; every job has a state beside them, which the engine alone changes.
 */
import { IllegalTransition, InvalidInput } from "../errors/errors.js";
import { parseKey } from "../value/name.js";

/** The definition of a status machine. */
export interface StatusOptions<Status extends string> {
  /**
   * The status at which every attempt begins. Until the attempt sets another, the job's `progress.status` is the last one of
   * the attempt before, so a status needs no way back to the initial one.
   */
  readonly initial: NoInfer<Status>;
  /**
   * Every status, each with those that may follow it. A status without followers is final. Setting the status that a
   * job already has is a transition too, and must be listed to be allowed.
   */
  readonly transitions: { readonly [From in Status]: readonly NoInfer<Status>[] };
}

/** The statuses of a task and the transitions between them. Frozen and stateless: it holds no current status. */
export interface StatusMachine<Status extends string = string> {
  readonly initial: Status;
  /** Every status, in the order in which they were given. */
  readonly names: readonly Status[];
  /** Is this one of the statuses? For values that come from outside or from a store. */
  has(value: unknown): value is Status;
  /** May `from` become `to`? @throws InvalidInput when either is no status of this machine */
  can(from: Status, to: Status): boolean;
  /** Asserts that `from` may become `to`. @throws IllegalTransition when it may not, InvalidInput as `can` */
  assert(from: Status, to: Status): void;
  /** The statuses that may follow. @throws InvalidInput when `from` is no status of this machine */
  next(from: Status): readonly Status[];
  /** Is it a final status? @throws InvalidInput when it is no status of this machine */
  isFinal(status: Status): boolean;
}

/**
 * Declares the statuses of a task. A transition to a status that is not declared does not compile.
 *
 * As an option of a task (`statuses`) it defines what `status.set` of its handlers allows: every attempt begins at the
 * initial one. Used elsewhere it is stateless: pass the current status.
 * @throws InvalidInput also when a status cannot be reached from the initial one
 * @example
 * const order = statuses({
 *   initial: "PLACED",
 *   transitions: { PLACED: ["PAID", "VOID"], PAID: ["SENT", "VOID"], SENT: [], VOID: [] },
 * });
 * order.can("PLACED", "SENT"); // false
 * order.assert("SENT", "VOID"); // throws IllegalTransition
 */
export function statuses<Status extends string>(options: StatusOptions<Status>): StatusMachine<Status> {
  const { initial, transitions } = parseStatuses<Status>(options);
  const names = Object.freeze([...transitions.keys()]);
  const has = (value: unknown): value is Status => (transitions as ReadonlyMap<unknown, unknown>).has(value);
  const next = (from: Status, field = "from"): readonly Status[] => {
    const targets = transitions.get(from);
    if (targets === undefined) throw new InvalidInput(field, from, `one of ${names.join(", ")}`);
    return targets;
  };
  const can = (from: Status, to: Status): boolean => {
    const targets = next(from);
    if (!has(to)) throw new InvalidInput("to", to, `one of ${names.join(", ")}`);
    return targets.includes(to);
  };
  return Object.freeze({
    initial,
    names,
    has,
    can,
    assert: (from: Status, to: Status) => {
      if (!can(from, to)) throw new IllegalTransition(from, to, next(from));
    },
    next: (from: Status) => next(from),
    isFinal: (status: Status) => next(status, "status").every((target) => target === status),
  });
}

type Transitions<Status> = ReadonlyMap<Status, readonly Status[]>;

const RULE = "{initial, transitions}";

function parseStatuses<Status extends string>(value: unknown): { initial: Status; transitions: Transitions<Status> } {
  const { initial, transitions: rows, ...others } = recordOf("statuses", value, RULE);
  for (const [key, other] of Object.entries(others)) throw new InvalidInput(key, other, `no such option; ${RULE}`);
  const lists = recordOf("transitions", rows, "an object with a list for every status");
  const names = Object.keys(lists).map((name) => parseKey("transitions", name, 100));
  if (names.length === 0) throw new InvalidInput("transitions", rows, "at least one status");
  const parse = (field: string, name: unknown): Status => {
    if (!names.some((known) => known === name)) throw new InvalidInput(field, name, `one of ${names.join(", ")}`);
    return name as Status;
  };
  const transitions = new Map<Status, readonly Status[]>();
  for (const [from, list] of Object.entries(lists)) {
    const field = `transitions.${from}`;
    if (!Array.isArray(list)) throw new InvalidInput(field, list, "a list of the statuses that may follow");
    const targets = new Set(list.map((to, index) => parse(`${field}[${index}]`, to)));
    transitions.set(from as Status, Object.freeze([...targets]));
  }
  const start = parse("initial", initial);
  checkReachable(start, transitions);
  return { initial: start, transitions };
}

function checkReachable<Status extends string>(initial: Status, transitions: Transitions<Status>): void {
  const reached = new Set([initial]);
  // Iterating a set includes values added on the way.
  for (const from of reached) for (const to of transitions.get(from) ?? []) reached.add(to);
  for (const [status, targets] of transitions) {
    if (reached.has(status)) continue;
    throw new InvalidInput(`transitions.${status}`, targets, `nothing leads to ${status} from ${initial}`);
  }
}

function recordOf(field: string, value: unknown, rule: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new InvalidInput(field, value, rule);
  return { ...value };
}

/** The definition of a machine, as plain data. */
export function statusOptions(machine: StatusMachine): StatusOptions<string> {
  const transitions = Object.fromEntries(machine.names.map((name) => [name, machine.next(name)]));
  return { initial: machine.initial, transitions };
}
