// Reads the body of a response within bounds. Bytes are counted after decompression, here: the limits that an HTTP
// client has count what came over the wire, which a compressed bomb keeps small.

import { createHash } from "node:crypto";

import type { Response } from "undici";

import { PageRejected } from "./errors.js";

export interface Body {
  text: string;
  /** Bytes after decompression. */
  size: number;
  /** SHA-256 of those bytes in hexadecimal. */
  sha256: string;
}

/**
 * The body of `response` as text.
 *
 * @throws {PageRejected} when it is larger than `maxBytes` or in an encoding that is not known.
 */
export async function readBody(response: Response, url: string, maxBytes: number): Promise<Body> {
  const tooLarge = (): PageRejected => new PageRejected("size", url, `larger than ${maxBytes} bytes`);
  if (declaredSize(response) > maxBytes) {
    await response.body?.cancel();
    throw tooLarge();
  }
  const hash = createHash("sha256");
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the stream, which ends the download.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge();
    hash.update(chunk);
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  return { text: decode(bytes, response.headers.get("content-type") ?? "", url), size, sha256: hash.digest("hex") };
}

/** What the server says the body's size is, which saves starting a download that would be broken off. */
function declaredSize(response: Response): number {
  const length = Number(response.headers.get("content-length") ?? 0);
  return Number.isFinite(length) ? length : 0;
}

/** By the header's charset, else by the one the page declares in its first kilobyte, else UTF-8. */
function decode(bytes: Buffer, contentType: string, url: string): string {
  const charset = /charset\s*=\s*["']?(?<label>[\w.:-]+)/i;
  const declared = charset.exec(contentType) ?? charset.exec(bytes.subarray(0, 1_024).toString("latin1"));
  const label = declared?.groups?.["label"] ?? "utf-8";
  try {
    return new TextDecoder(label).decode(bytes);
  } catch {
    throw new PageRejected("encoding", url, `in the character encoding ${JSON.stringify(label)}, which is not known`);
  }
}
