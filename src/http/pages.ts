/** A list that the API gives page by page: read as a stream, or a page at a time. */
import { checkObject } from "./connection/given.js";
import { checkCall, type CallOptions } from "./connection/transport.js";

/** Which page. */
export interface PageOptions extends CallOptions {
  /** The most entries on the page. Default: 50; at most 200. */
  limit?: number | undefined;
  /** From the page before. Default: the first page. */
  cursor?: string | null | undefined;
}

/** Which page, as a query says it. */
export interface PageQuery {
  readonly limit: number | undefined;
  readonly cursor: string | undefined;
}

/**
 * A list.
 * @example
 * for await (const job of longshore.jobs({ states: "failed" })) console.log(job.jobId, job.error?.message);
 * const { jobs, cursor } = await longshore.jobs({ queue: "scans" }).page({ limit: 20 });
 */
export class Pages<Page extends { readonly cursor: string | null }, Entry> implements AsyncIterable<Entry> {
  readonly #read: (query: PageQuery, call: CallOptions) => Promise<Page>;
  readonly #entries: (page: Page) => readonly Entry[];
  readonly #call: CallOptions;

  /** @internal */
  constructor(
    read: (query: PageQuery, call: CallOptions) => Promise<Page>,
    entries: (page: Page) => readonly Entry[],
    call: CallOptions = {},
  ) {
    checkCall(call);
    this.#read = read;
    this.#entries = entries;
    this.#call = call;
  }

  /** A page. It may be short before the end, which is where its `cursor` is null. */
  async page(options: PageOptions = {}): Promise<Page> {
    checkObject("options", options);
    const { limit, cursor, ...call } = options;
    return this.#read({ limit, cursor: cursor ?? undefined }, { ...this.#call, ...call });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Entry, void, undefined> {
    let cursor: string | null = null;
    do {
      const page: Page = await this.page({ limit: LARGEST_PAGE, cursor });
      yield* this.#entries(page);
      cursor = page.cursor;
    } while (typeof cursor === "string");
  }
}

const LARGEST_PAGE = 200;
