/**
 * The frames of the last minute, of all topics of a hub, for clients that lost their connection and come back. Bounded by time, number
 * and bytes, whatever the number of topics; what it does not reach back to is made up for by a snapshot.
 */
import type { Clock } from "../../model/value/clock.js";
import type { DeltaFrame } from "./frame.js";

/** What is kept: milliseconds, frames, bytes. */
const AGE = 60_000;
const MOST_FRAMES = 20_000;
const MOST_BYTES = 32 * 1024 * 1024;

interface Kept {
  readonly number: number;
  readonly topic: string;
  readonly at: number;
  readonly size: number;
  /** `null`: a snapshot went out here. */
  readonly frame: DeltaFrame | null;
}

export class FrameHistory {
  readonly #clock: Clock;
  #kept: Kept[] = [];
  /** Where the kept ones begin: those before are taken out some at a time. */
  #first = 0;
  #bytes = 0;
  /** All frames up to this one are gone. */
  #dropped = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many frames are kept. */
  get length(): number {
    return this.#kept.length - this.#first;
  }

  add(topic: string, number: number, frame: DeltaFrame | null): void {
    const size = frame?.size ?? 100;
    this.#kept.push({ number, topic, at: this.#clock.monotonic(), size, frame });
    this.#bytes += size;
    this.#trim();
  }

  /** The frames of some topics after one; `null` for those of which it cannot tell. */
  after(number: number, topics: ReadonlySet<string>): { readonly frames: DeltaFrame[]; readonly lost: Set<string> } {
    this.#trim();
    if (number < this.#dropped) return { frames: [], lost: new Set(topics) };
    const later = this.#later(number).filter(({ topic }) => topics.has(topic));
    const lost = new Set(later.filter(({ frame }) => frame === null).map(({ topic }) => topic));
    const frames = later.flatMap(({ topic, frame }) => (frame === null || lost.has(topic) ? [] : [frame]));
    return { frames, lost };
  }

  clear(): void {
    this.#kept = [];
    this.#first = 0;
    this.#bytes = 0;
  }

  #later(number: number): Kept[] {
    let [low, high] = [this.#first, this.#kept.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#kept[middle]?.number ?? 0) <= number) low = middle + 1;
      else high = middle;
    }
    return this.#kept.slice(low);
  }

  #trim(): void {
    const oldest = this.#clock.monotonic() - AGE;
    for (let one = this.#kept[this.#first]; one !== undefined; one = this.#kept[this.#first]) {
      if (one.at > oldest && this.length <= MOST_FRAMES && this.#bytes <= MOST_BYTES) break;
      this.#first += 1;
      this.#bytes -= one.size;
      this.#dropped = one.number;
    }
    if (this.#first < 1_000 || this.#first < this.#kept.length / 2) return;
    this.#kept = this.#kept.slice(this.#first);
    this.#first = 0;
  }
}
