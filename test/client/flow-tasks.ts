// The tasks of a small scraper, as flows use them in tests.
import { z } from "zod";
import { task } from "longshore";

export const fetchPage = task<{ url: string }, { html: string; links: string[]; title?: string }>("fetch", {
  queue: "io",
  input: z.object({ url: z.string().min(3) }),
  attempts: 4,
  tags: ["kind:io"],
});
export const parse = task<{ html: string; lang?: string }, { jobs: { title: string; url: string }[]; at: Date }>(
  "parse",
  { queue: "cpu" },
);
export const enrich = task<{ jobs: { title: string }[] }, { about: string }>("enrich", { queue: "cpu" });
export const persist = task<{ jobs: { title: string }[]; about?: string | null }, { rows: number }>("persist");
