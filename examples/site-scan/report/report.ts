// The last step's product: one object with all that a scan found, which is kept as JSON and as Markdown.

import type { Analysis } from "../analyse/analyse.js";
import type { Crawl, UnreachablePage } from "../crawl/crawl.js";

export interface Report extends Analysis {
  /** Address the scan began at. */
  url: string;
  title: string;
  /** When the report was made, in ISO 8601. */
  madeAt: string;
  unreachable: UnreachablePage[];
  /** Links left alone because the scan had enough pages or no time. */
  unread: number;
}

export function reportOf(crawl: Crawl, analysis: Analysis, madeAt: Date): Report {
  return {
    url: crawl.start,
    title: analysis.pages[0]?.title ?? "",
    madeAt: madeAt.toISOString(),
    unreachable: crawl.unreachable,
    unread: crawl.unread,
    ...analysis,
  };
}
