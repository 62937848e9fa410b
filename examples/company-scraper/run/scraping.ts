// Where a run stands: one entry for each company, and what they come to together.

import type { Company } from "../company.js";
import type { StoredPostings } from "../persist/posting-store.js";
import type { Stage } from "../tasks.js";

/** Where the scraping of one company stands. */
export interface CompanyScrape {
  company: Company;
  status: "queued" | "running" | "completed" | "failed" | "cancelled";
  step: Stage | "queued";
  /** 0 to 1; 1 only when it is completed. */
  progress: number;
  postingsFound: number;
  /** What became of them in the database; null until that is known. */
  stored: StoredPostings | null;
  /** Why it failed. */
  error: string | null;
}

export type ScrapingStatus = "idle" | "running" | "completed" | "failed" | "cancelled";

/** A company of which nothing has happened yet. */
export function untouched(company: Company): CompanyScrape {
  return { company, status: "queued", step: "queued", progress: 0, postingsFound: 0, stored: null, error: null };
}

/** Whether nothing more will happen to it. */
export function hasEnded({ status }: CompanyScrape): boolean {
  return status !== "queued" && status !== "running";
}

export class Scraping {
  readonly #entries: Map<string, CompanyScrape>;

  constructor(companies: readonly Company[]) {
    this.#entries = new Map(companies.map((company) => [company.slug, untouched(company)]));
  }

  /** Takes in where a company stands now. */
  see(scrape: CompanyScrape): void {
    this.#entries.set(scrape.company.slug, scrape);
  }

  /** In the order of the companies. */
  get details(): CompanyScrape[] {
    return [...this.#entries.values()];
  }

  /** `failed` only when no company could be scraped. */
  get status(): ScrapingStatus {
    const { details } = this;
    if (details.every(({ status }) => status === "queued")) return "idle";
    if (!details.every(hasEnded)) return "running";
    if (details.some(({ status }) => status === "cancelled")) return "cancelled";
    return this.completed > 0 ? "completed" : "failed";
  }

  /** 0 to 1: the mean over the companies. One that has ended, however it did, has nothing left to do. */
  get progress(): number {
    const { details } = this;
    const sum = details.reduce((total, scrape) => total + (hasEnded(scrape) ? 1 : scrape.progress), 0);
    return details.length === 0 ? 0 : sum / details.length;
  }

  /** Of all companies so far, those that failed later included. */
  get postingsFound(): number {
    return this.details.reduce((total, { postingsFound }) => total + postingsFound, 0);
  }

  /** The first that is being worked on. */
  get currentCompany(): Company | null {
    return this.details.find(({ status }) => status === "running")?.company ?? null;
  }

  get completed(): number {
    return this.details.filter(({ status }) => status === "completed").length;
  }

  get failed(): number {
    return this.details.filter(({ status }) => status === "failed").length;
  }

  get ended(): number {
    return this.details.filter(hasEnded).length;
  }

  get total(): number {
    return this.#entries.size;
  }
}
