/**
 * Messages over a pipe: the length of each in four bytes, then the message as Node serializes it. Node's own channel between
 * processes cannot be used for a child that runs other people's code: bytes on it that are no message throw in the middle of
 * the reading process, where nobody can catch it.
 */
import { deserialize, serialize } from "node:v8";
import { Malformed } from "../../../model/value/strict.js";

const HEAD = 4;
/** The most bytes of one message: more than the largest that a child has to say, and nothing that a worker cannot hold. */
const LONGEST = 64 * 1024 * 1024;

/** A message as it goes out. @throws for what cannot be copied */
export function frame(message: unknown): Buffer {
  const body = serialize(message);
  const head = Buffer.alloc(HEAD);
  head.writeUInt32LE(body.length);
  return Buffer.concat([head, body]);
}

/** Puts messages together from what comes in. */
export class FrameReader {
  #parts: Buffer[] = [];
  #held = 0;
  #wanted = HEAD;

  /** The messages that are complete with these bytes. @throws what cannot be read: nothing more can be, after that */
  *read(bytes: Buffer): Generator<unknown, void, undefined> {
    this.#parts.push(bytes);
    this.#held += bytes.length;
    // Put together only when there is enough: a message in many pieces is copied once.
    while (this.#held >= this.#wanted) {
      const [first] = this.#parts;
      const all = this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts);
      const length = all.readUInt32LE(0);
      if (length > LONGEST) throw new Malformed("a message");
      this.#wanted = HEAD + length;
      const rest = all.length >= this.#wanted ? all.subarray(this.#wanted) : all;
      this.#parts = [rest];
      this.#held = rest.length;
      if (rest === all) return;
      this.#wanted = HEAD;
      yield deserialize(all.subarray(HEAD, HEAD + length));
    }
  }
}
