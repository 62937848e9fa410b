// What a browser loads: one file without anything else, small, which runs where nothing of Node is.
import { createContext, runInContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { beforeAll, describe, expect, it } from "vitest";
import { connect, task } from "longshore";
import type * as Http from "longshore/http";
import { served } from "./served.js";

const entry = fileURLToPath(new URL("../../src/http/index.ts", import.meta.url));
/** Bytes, minified and compressed as servers send it. */
const LARGEST = 6_144;

/** What browsers have of what the client may use; `fetch` is added. */
const BROWSER = {
  URL,
  URLSearchParams,
  AbortController,
  TextDecoder,
  ReadableStream,
  setTimeout,
  clearTimeout,
  crypto: { getRandomValues: (array: Uint32Array) => crypto.getRandomValues(array) },
};

async function bundled(format: "esm" | "iife"): Promise<{ code: string; imports: readonly string[]; files: number }> {
  const bundle = await rolldown({ input: entry, platform: "browser", logLevel: "silent" });
  const { output } = await bundle.generate({ format, name: "longshoreHttp", minify: true });
  await bundle.close();
  return { code: output[0].code, imports: output[0].imports, files: output.length };
}

describe("the client as a browser loads it", () => {
  let code: string;

  beforeAll(async () => {
    ({ code } = await bundled("iife"));
  });

  it("is one file of at most 6 KB that loads nothing", async () => {
    const module = await bundled("esm");
    expect(module).toMatchObject({ imports: [], files: 1 });
    expect(module.code).not.toMatch(/\bnode:|\bprocess\b|\bBuffer\b|\brequire\b/);
    expect(gzipSync(module.code, { level: 9 }).byteLength).toBeLessThan(LARGEST);
  });

  it("enqueues, follows and finds jobs with what a browser has, and knows its page", async () => {
    const longshore = await connect("memory:");
    try {
      const { url } = await served(longshore);
      const page = { ...BROWSER, location: { href: `${url}/shop/index.html` }, fetch };
      const { connectHttp } = runInContext(`${code};longshoreHttp`, createContext(page)) as typeof Http;
      const client = connectHttp("/");
      const job = await client.enqueue("double", 21, { tags: ["a"] });
      longshore.worker([task("double", ({ input }) => Number(input) * 2)]);
      expect(await job.result()).toBe(42);
      const found = [];
      for await (const { jobId } of client.jobs({ tag: "a" })) found.push(jobId);
      expect(found).toEqual([job.id]);
    } finally {
      await longshore.close();
    }
  });
});
