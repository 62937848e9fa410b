// What can be shown before the report is there: the site's title, its score and the three worst findings.

import type { Analysis } from "../analyse/analyse.js";
import type { Finding } from "../analyse/finding.js";

/** The milestone `TEASER_READY` carries it. */
export interface Teaser {
  title: string;
  /** 0 to 100. */
  score: number;
  /** At most three, worst first, each of another check. */
  findings: Finding[];
}

const shown = 3;

export function teaserOf({ pages, score, findings }: Analysis): Teaser {
  const worst = findings.filter(({ check }, index) => findings.findIndex((other) => other.check === check) === index);
  return { title: pages[0]?.title ?? "", score, findings: worst.slice(0, shown) };
}
