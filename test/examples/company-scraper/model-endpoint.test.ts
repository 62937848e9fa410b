// Enrichment by a language model: a real server that speaks the interface, and what becomes of its answers.

import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { ModelSettingsError, chooseEnricher } from "../../../examples/company-scraper/enrich/choose-enricher.js";
import { localAnalysis } from "../../../examples/company-scraper/enrich/local-analysis.js";
import { ModelFailed, modelEnricher } from "../../../examples/company-scraper/enrich/model-endpoint.js";
import type { Posting } from "../../../examples/company-scraper/parse/posting.js";
import { startCountingServer } from "../site-scan/counting-server.js";
import type { CountingServer } from "../site-scan/counting-server.js";

const posting: Posting = {
  ...{ key: "k", reference: null, employmentType: null, postedOn: null, url: "https://mill.example/" },
  ...{ title: "Miller", location: "Ulm", pay: "€40k", description: "You grind wheat." },
};
const enrichment = {
  skills: ["milling"],
  seniority: "mid",
  salary: { min: 40_000, max: 40_000, currency: "EUR", period: "year" },
  summary: "A miller grinds wheat.",
};

let server: CountingServer;
let asked: { path: string; headers: IncomingHttpHeaders; body: Record<string, unknown> }[];
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  asked = [];
  server = await startCountingServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      asked.push({
        path: request.url ?? "",
        headers: request.headers,
        body: JSON.parse(body) as Record<string, unknown>,
      });
      answer(response);
    });
  });
});
afterEach(() => server.close());

/** Answers as a model that says `content`. */
function saying(content: string): typeof answer {
  return (response) => void response.end(JSON.stringify({ choices: [{ message: { role: "assistant", content } }] }));
}

function enrich(options: { apiKey?: string; timeout?: number } = {}, signal?: AbortSignal): Promise<unknown> {
  const endpoint = { baseUrl: `${server.url}/v1/`, model: "tiny", apiKey: undefined, ...options };
  return modelEnricher(endpoint).enrich(posting, signal === undefined ? {} : { signal });
}

test("the model gets the posting's text and its answer is the enrichment", async () => {
  answer = saying(JSON.stringify(enrichment));
  expect(await enrich({ apiKey: "secret" })).toEqual(enrichment);
  expect(asked).toMatchObject([
    {
      path: "/v1/chat/completions",
      headers: { authorization: "Bearer secret", "content-type": "application/json" },
      body: { model: "tiny", temperature: 0, messages: [{ role: "system" }, { role: "user" }] },
    },
  ]);
  const [request] = asked;
  const { messages = [] } = (request?.body ?? {}) as { messages?: { content: string }[] };
  expect(JSON.parse(messages[1]?.content ?? "")).toEqual({
    ...{ title: "Miller", location: "Ulm", pay: "€40k", description: "You grind wheat." },
  });
});

test("without a key none is sent, and a fence around the answer does no harm", async () => {
  answer = saying(`\`\`\`json\n${JSON.stringify(enrichment)}\n\`\`\``);
  expect(await enrich()).toEqual(enrichment);
  expect(asked[0]?.headers.authorization).toBeUndefined();
});

test.each([
  ["prose", "Here you are!"],
  ["another shape", JSON.stringify({ ...enrichment, seniority: "wizard" })],
  ["a sum without a currency", JSON.stringify({ ...enrichment, salary: { min: 1, max: 2, period: "year" } })],
])("an answer that is %s is refused, for another try", async (_what, content) => {
  answer = saying(content);
  const failure = enrich();
  await expect(failure).rejects.toBeInstanceOf(ModelFailed);
  await expect(failure).rejects.toThrow("the model's answer is no enrichment");
  await expect(failure).rejects.toMatchObject({ code: "ERROR_MODEL", status: undefined });
});

test("an HTTP error carries whether and when to try again", async () => {
  answer = (response) => void response.writeHead(429, { "retry-after": "7" }).end("slow down");
  await expect(enrich()).rejects.toMatchObject({ status: 429, headers: { "retry-after": "7" } });
});

test("a server that does not answer in time and one that is not there give different errors", async () => {
  answer = () => {};
  await expect(enrich({ timeout: 50 })).rejects.toThrow("the model's server: no answer within 50 ms");
  await server.close();
  await expect(enrich()).rejects.toThrow("ECONNREFUSED");
});

test("the job's signal ends it with the job's reason", async () => {
  const stop = new AbortController();
  answer = () => stop.abort(new Error("cancelled"));
  await expect(enrich({}, stop.signal)).rejects.toThrow(/^cancelled$/);
});

describe("the environment", () => {
  test("names a model or none; a key alone sends nothing anywhere", () => {
    expect(chooseEnricher({})).toBe(localAnalysis);
    expect(chooseEnricher({ OPENAI_API_KEY: "secret", OPENAI_MODEL: "" })).toBe(localAnalysis);
    const { name } = chooseEnricher({ OPENAI_BASE_URL: "http://localhost:11434/v1", OPENAI_MODEL: "tiny" });
    expect(name).toBe("tiny at localhost:11434");
  });

  test.each([
    [{ OPENAI_MODEL: "tiny" }, "OPENAI_MODEL is set and OPENAI_BASE_URL is not"],
    [{ OPENAI_BASE_URL: "http://localhost/v1" }, "OPENAI_BASE_URL is set and OPENAI_MODEL is not"],
    [{ OPENAI_BASE_URL: "localhost:11434", OPENAI_MODEL: "tiny" }, "is no http or https URL"],
  ])("%j is refused", (env, reason) => {
    expect(() => chooseEnricher(env)).toThrow(ModelSettingsError);
    expect(() => chooseEnricher(env)).toThrow(reason);
  });
});
