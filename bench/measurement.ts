/**
 * The measuring itself: scenario by scenario, the systems take turns round by round, in an order that moves on by one each
 * round, one at a time. First a small round that shows how fast a system is, then larger ones until it is warm, then those
 * that count. A system that fails a round is left out of that scenario, and the report says so. Idle systems are watched
 * together, in the quick run beside everything else.
 */
import { HostLink, RoundFailed } from "./host-link.js";
import type { Cell, Plan, Skip, Step } from "./plan.js";
import type { Scenario } from "./scenario.js";
import { firstJobs, jobsAt, mostUncounted, patienceFor, roundsOf } from "./sizes.js";
import type { Stores } from "./stores.js";

/** What the counted rounds of one cell answered. */
export interface Sample {
  readonly cell: Cell;
  readonly scenario: Scenario;
  readonly jobs: number;
  /** For each measure, one number a round. */
  readonly values: ReadonlyMap<string, readonly number[]>;
}

export interface Measured {
  readonly samples: readonly Sample[];
  readonly failed: readonly Skip[];
}

const SETTLED = 1.5;

export class Measurement {
  readonly #stores: Stores;
  readonly #quick: boolean;
  readonly #say: (line: string) => void;
  readonly #hosts = new Map<string, HostLink>();
  #queues = 0;
  #stopped = false;

  constructor(stores: Stores, quick: boolean, say: (line: string) => void) {
    this.#stores = stores;
    this.#quick = quick;
    this.#say = say;
  }

  /** Runs a plan. @throws Error when it is stopped meanwhile */
  async run({ steps }: Plan, scenarioNamed: (id: string) => Scenario): Promise<Measured> {
    const done = new Map<Step, readonly Turn[]>();
    const runAll = async (some: readonly Step[]): Promise<void> => {
      for (const step of some) done.set(step, await this.#runStep(step, scenarioNamed(step.scenario)));
    };
    const aside = steps.filter(({ together }) => together && this.#quick);
    await Promise.all([runAll(aside), runAll(steps.filter((step) => !aside.includes(step)))]);
    const turns = steps.flatMap((step) => done.get(step) ?? []);
    return {
      samples: turns.filter(({ failure }) => failure === null).map((turn) => turn.sample()),
      failed: turns.flatMap(({ cell: { system, durability }, scenario, failure }) =>
        failure === null ? [] : [{ system, scenario: scenario.id, reason: `${durability}: ${failure}` }],
      ),
    };
  }

  /** Ends all hosts; a round under way fails. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#hosts.values()].map((host) => host.end()));
  }

  async #runStep({ cells, together }: Step, scenario: Scenario): Promise<readonly Turn[]> {
    const start = performance.now();
    const turns = cells.map((cell) => new Turn(cell, scenario, this.#quick));
    await (together ? this.#runTogether(turns) : this.#runInTurn(turns));
    const seconds = ((performance.now() - start) / 1_000).toFixed(0);
    const out = turns.filter(({ failure }) => failure !== null).map(({ cell }) => cell.system);
    this.#say(`${scenario.id}: ${cells.length} in ${seconds} s${out.length > 0 ? `; failed: ${out.join(", ")}` : ""}`);
    return turns;
  }

  async #runInTurn(turns: readonly Turn[]): Promise<void> {
    for (let round = 0; turns.some((turn) => !turn.over); round += 1) {
      const first = round % turns.length;
      for (const turn of [...turns.slice(first), ...turns.slice(0, first)]) {
        if (!turn.over) await this.#take(turn, "");
      }
    }
  }

  /** All systems at a time, each in a process and on a server of its own: they wait more than they work. */
  async #runTogether(turns: readonly Turn[]): Promise<void> {
    const systems = [...new Set(turns.map(({ cell }) => cell.system))];
    await Promise.all(
      systems.map(async (system) => {
        for (const turn of turns.filter(({ cell }) => cell.system === system)) {
          while (!turn.over) await this.#take(turn, `${system} alone`);
        }
        await this.#hosts.get(`${system} alone`)?.end();
      }),
    );
  }

  /** Does a round; `owner` has its own process and server, whereas all others share. */
  async #take(turn: Turn, owner: string): Promise<void> {
    if (this.#stopped) throw new Error("The measurement was stopped.");
    const store = await this.#stores.fresh(turn.cell, owner);
    const { system } = turn.cell;
    const host = this.#hosts.get(owner || system) ?? new HostLink(system);
    this.#hosts.set(owner || system, host);
    const queue = `bench-${(this.#queues += 1)}`;
    const request = { scenario: turn.scenario.id, store, queue, jobs: turn.jobs, quick: this.#quick };
    try {
      turn.note(await host.round(request, patienceFor(request.scenario, this.#quick)));
    } catch (error) {
      if (!(error instanceof RoundFailed)) throw error;
      turn.fail(error.message);
    }
  }
}

/** The rounds of one cell in one scenario. */
class Turn {
  readonly cell: Cell;
  readonly scenario: Scenario;
  /** How many jobs its next round is about. */
  jobs: number;
  failure: string | null = null;
  readonly #quick: boolean;
  readonly #counted: number;
  readonly #values = new Map<string, number[]>();
  #rounds = 0;
  /** Is `jobs` made from its speed? */
  #sized = false;
  /** Rounds still to be done before they count. */
  #uncounted: number;

  constructor(cell: Cell, scenario: Scenario, quick: boolean) {
    this.cell = cell;
    this.scenario = scenario;
    this.#quick = quick;
    this.#counted = roundsOf(scenario.id, quick, cell.system);
    this.jobs = firstJobs(scenario.id, quick);
    this.#uncounted = mostUncounted(scenario.id, quick, cell.system);
  }

  get over(): boolean {
    return this.failure !== null || this.#rounds >= this.#counted;
  }

  note(measured: Readonly<Record<string, number>>): void {
    if (this.#uncounted > 0) {
      this.#uncounted -= 1;
      this.#resize(measured);
      return;
    }
    this.#rounds += 1;
    for (const { name } of this.scenario.measures) {
      const value = measured[name];
      if (value !== undefined) this.#values.set(name, [...(this.#values.get(name) ?? []), value]);
    }
    if (this.#values.size === 0) this.fail("it answered no measure");
  }

  fail(reason: string): void {
    this.failure = reason;
  }

  sample(): Sample {
    return { cell: this.cell, scenario: this.scenario, jobs: this.jobs, values: this.#values };
  }

  /** Warming up is over when a round was about as large as those that count will be, and not the first and cold one. */
  #resize(measured: Readonly<Record<string, number>>): void {
    const speed = measured[this.scenario.measures[0]?.name ?? ""] ?? 0;
    const jobs = jobsAt(this.scenario.id, speed, this.#quick);
    if (jobs === this.jobs || (this.#sized && jobs < this.jobs * SETTLED)) this.#uncounted = 0;
    this.#sized = true;
    this.jobs = jobs;
  }
}
