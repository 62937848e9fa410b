// The websites that the example scrapes: every company has a host of its own, and pages take their time.

import { afterEach, expect, test } from "vitest";

import { SafeFetch } from "../../../examples/site-scan/safe-fetch/safe-fetch.js";
import { fetchingFrom, serveCompanies } from "../../../examples/company-scraper/site/company-sites.js";
import type { CompanySites } from "../../../examples/company-scraper/site/company-sites.js";

const atOnce = { least: 0, most: 0 };

const open: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function serve(options: Parameters<typeof serveCompanies>[0] = { latency: atOnce }): Promise<CompanySites> {
  const sites = await serveCompanies(options);
  open.push(sites);
  return sites;
}

function fetcherOf(options: CompanySites["fetching"]): SafeFetch {
  const fetcher = new SafeFetch(options);
  open.push(fetcher);
  return fetcher;
}

test("there are 24 companies, each at a host that no real one can be", async () => {
  const { companies, port } = await serve();
  expect(new Set(companies.map(({ url }) => new URL(url).host)).size).toBe(24);
  for (const { url } of companies) expect(url).toMatch(new RegExp(`^http://[a-z-]+\\.example:${port}/careers/$`));
});

test("a fetcher reaches them by name and nothing else on this machine", async () => {
  const { fetching, port } = await serve();
  const fetcher = fetcherOf(fetching);
  const { text } = await fetcher.get(`http://oakfield-care.example:${port}/careers/`);
  expect(text).toContain("Registered Nurse");
  await expect(fetcher.get(`http://127.0.0.1:${port}/careers/`)).rejects.toThrow("is not allowed");
  await expect(fetcher.get(`http://elsewhere.example:${port}/`)).rejects.toThrow("is not allowed");
  await expect(fetcher.get("http://elsewhere.example/")).rejects.toThrow("the host name has no address");
});

test("further pages of a list have a query, and what is not there is a 404", async () => {
  const { fetching, port } = await serve();
  const fetcher = fetcherOf(fetching);
  const { text } = await fetcher.get(`http://oakfield-care.example:${port}/careers/?page=2`);
  expect(text).toContain('rel="prev"');
  await expect(fetcher.get(`http://oakfield-care.example:${port}/careers/?page=9`)).rejects.toMatchObject({
    status: 404,
  });
  await expect(fetcher.get(`http://stonebridge-print.example:${port}/careers/`)).rejects.toMatchObject({ status: 404 });
});

test("one is too busy for the first request, each time it is served anew", async () => {
  for (let time = 1; time <= 2; time += 1) {
    const { fetching, port } = await serve();
    const fetcher = fetcherOf(fetching);
    const url = `http://monsoon-travel.example:${port}/careers/`;
    await expect(fetcher.get(url)).rejects.toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    expect((await fetcher.get(url)).status).toBe(200);
  }
});

test("an answer takes between the least and the most, and the same page the same", async () => {
  const { fetching, port } = await serve({ latency: { least: 40, most: 60 } });
  const fetcher = fetcherOf(fetching);
  const { elapsedMs } = await fetcher.get(`http://tallowmere.example:${port}/careers/`);
  expect(elapsedMs).toBeGreaterThanOrEqual(39);
});

test("a server that is closed leaves no request open", async () => {
  const sites = await serveCompanies({ latency: { least: 60_000, most: 60_000 } });
  const fetcher = fetcherOf(sites.fetching);
  const page = fetcher.get(`http://tallowmere.example:${sites.port}/careers/`);
  const failure = page.catch((error: unknown) => error);
  await new Promise((turn) => setTimeout(turn, 50));
  await sites.close();
  expect(await failure).toMatchObject({ message: expect.stringContaining("tallowmere.example") as string });
});

test("a worker in another process needs the port only", async () => {
  const { port } = await serve();
  const fetcher = fetcherOf(await fetchingFrom(port));
  expect((await fetcher.get(`http://zephyr-wind.example:${port}/careers/`)).status).toBe(200);
});
