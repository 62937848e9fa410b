/** Arguments of scripts that take many items: neighbours with the same head are sent as one group. */
import type { Argument } from "../connection/connection.js";

export class Groups {
  readonly #args: Argument[];
  #head: Argument | null = null;
  #sizeAt = 0;
  #size = 0;

  /** @param args receives per group its head, its size, and two values for each item */
  constructor(args: Argument[]) {
    this.#args = args;
  }

  add(head: Argument, first: Argument, second: Argument): void {
    if (head !== this.#head) {
      this.#head = head;
      this.#sizeAt = this.#args.push(head, 0) - 1;
      this.#size = 0;
    }
    this.#size += 1;
    this.#args[this.#sizeAt] = this.#size;
    this.#args.push(first, second);
  }
}
