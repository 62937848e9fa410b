/** How many answers may be open for long, such as event streams: in this process, and for one subject of all. */
import { Problem } from "./problem.js";

/** How many there may be. */
export interface Caps {
  /** In this process. */
  readonly process: number;
  /** Of one subject. */
  readonly subject: number;
}

/** What is counted, as a problem says it. */
interface Counted {
  readonly code: string;
  readonly name: string;
}

/** How soon (seconds) a client that was refused is to come again. */
export const COME_AGAIN = "5";

export class ClientCaps {
  readonly #caps: Caps;
  readonly #counted: Counted;
  /** How many each subject has. */
  readonly #subjects = new Map<string, number>();
  #open = 0;

  constructor(caps: Caps, counted: Counted) {
    this.#caps = caps;
    this.#counted = counted;
  }

  /** How many there are, and of how many subjects. */
  get size(): { readonly open: number; readonly subjects: number } {
    return { open: this.#open, subjects: this.#subjects.size };
  }

  /**
   * Counts one more until it is released, which may be done twice.
   * @param subject `null`: of anyone who may do everything, so that it is not counted with others
   * @throws Problem 503 when the process has too many, 429 when the subject has
   */
  reserve(subject: string | null): () => void {
    const own = subject === null ? 0 : (this.#subjects.get(subject) ?? 0);
    if (this.#open >= this.#caps.process) throw this.#refusal(503, "this server has", this.#caps.process);
    if (own >= this.#caps.subject) throw this.#refusal(429, "you have", this.#caps.subject);
    this.#open += 1;
    if (subject !== null) this.#subjects.set(subject, own + 1);
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.#open -= 1;
      if (subject === null) return;
      const left = (this.#subjects.get(subject) ?? 1) - 1;
      if (left === 0) this.#subjects.delete(subject);
      else this.#subjects.set(subject, left);
    };
  }

  #refusal(status: 429 | 503, who: string, most: number): Problem {
    const { code, name } = this.#counted;
    const headers = { "retry-after": COME_AGAIN };
    return new Problem(status, code, `${who} ${most} ${name} already`, { headers, members: { most } });
  }
}
