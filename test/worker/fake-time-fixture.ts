// A fixture with fake time: the memory engine, a client and workers on one clock that only the test moves.
import { setImmediate as turn } from "node:timers/promises";
import { attach, type AnyTask, type ConnectOptions, type Engine, type Job, type Longshore } from "longshore";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import { ManualClock } from "../../src/engine/testkit/context/manual-clock.js";

export class FakeTimeFixture {
  readonly clock = new ManualClock();
  readonly memory = new MemoryEngine({ clock: this.clock });
  readonly longshore: Longshore;

  /** @param wrap puts something between the client and the engine */
  constructor(wrap: (engine: Engine) => Engine = (engine) => engine, options: ConnectOptions = {}) {
    this.longshore = attach(wrap(this.memory), { clock: this.clock, random: () => 0.5, ...options });
  }

  /** Enqueues one job, with the input and result types of any task. */
  async enqueue(what: AnyTask, input?: unknown, queue?: string): Promise<Job> {
    const [job] = await this.longshore.enqueueMany(what.name, [input], {
      ...what.defaults,
      queue: queue ?? what.queue,
    });
    if (job === undefined) throw new Error("nothing was enqueued");
    return job;
  }

  /** Lets everything happen that needs no time. */
  async rest(): Promise<void> {
    for (let i = 0; i < 20; i += 1) await turn();
  }

  /** Lets `ms` milliseconds pass, in steps, with everything that happens in them. */
  async pass(ms: number, step = 100): Promise<void> {
    await this.rest();
    for (let passed = 0; passed < ms; passed += step) {
      this.clock.advance(Math.min(step, ms - passed));
      await this.rest();
    }
  }
}

/** An engine that answers some commands its own way, and all others as the engine under it. */
export function withCommands(engine: Engine, commands: Partial<Engine>): Engine {
  return new Proxy(engine, {
    get(target, name) {
      const own: unknown = Reflect.get(commands, name);
      const found: unknown = own ?? Reflect.get(target, name, target);
      return typeof found === "function" ? found.bind(own === undefined ? target : commands) : found;
    },
  });
}
