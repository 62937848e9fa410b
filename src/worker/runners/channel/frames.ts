/**
 * Messages over a pipe: the length of each in four bytes, then the message as Node serializes it. Node's built-in
 * channel between processes is not safe for a child that runs foreign code: malformed bytes on it throw inside the
 * reading process, where the error cannot be caught.
 */
import { deserialize, serialize } from "node:v8";
import { Malformed } from "../../../model/value/strict.js";

const HEAD = 4;
/** The most bytes of one message: more than the largest message of a child, and little enough for a worker to hold. */
const LONGEST = 64 * 1024 * 1024;

/** Encodes a message. @throws for a value that cannot be copied */
export function frame(message: unknown): Buffer {
  const body = serialize(message);
  const head = Buffer.alloc(HEAD);
  head.writeUInt32LE(body.length);
  return Buffer.concat([head, body]);
}

/** Decodes messages from a stream of bytes. */
export class FrameReader {
  #parts: Buffer[] = [];
  #held = 0;
  #wanted = HEAD;

  /** The messages completed by these bytes. @throws for malformed bytes, after which nothing more can be read */
  *read(bytes: Buffer): Generator<unknown, void, undefined> {
    this.#parts.push(bytes);
    this.#held += bytes.length;
    // Joined only when enough bytes are there, so that a message in many pieces is copied once.
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
