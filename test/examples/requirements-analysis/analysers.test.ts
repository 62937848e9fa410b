// What each analyser finds and, as important, what it leaves alone.

import { describe, expect, test } from "vitest";

import { analysisOf, inputsFor } from "../../../examples/requirements-analysis/analyse.js";
import {
  UnknownAnalyser,
  analysers,
  selectAnalysers,
} from "../../../examples/requirements-analysis/analysers/registry.js";
import { analyserCodes } from "../../../examples/requirements-analysis/finding.js";
import type { AnalyserCode, Finding } from "../../../examples/requirements-analysis/finding.js";
import { UnreadableText } from "../../../examples/requirements-analysis/legibility.js";

function find(code: AnalyserCode, text: string, knownTerms: string[] = []): Finding[] {
  return analysisOf({ requirementId: "T-1", text, analysers: [code], knownTerms })(code);
}

/** Why each analyser that cannot read `text` cannot, by its code. */
function refusals(text: string): Record<string, string> {
  const why: Record<string, string> = {};
  for (const code of analyserCodes) {
    try {
      find(code, text);
    } catch (error) {
      if (!(error instanceof UnreadableText)) throw error;
      why[code] = error.code;
    }
  }
  return why;
}

function quotes(code: AnalyserCode, text: string, knownTerms: string[] = []): string[] {
  return find(code, text, knownTerms).map(({ quote }) => quote);
}

/** Quotes of R-D in requirement `index` of a list. */
function findIn(list: string[], index: number): string[] {
  const rows = list.map((text, row) => ({ id: `T-${row}`, text }));
  const input = inputsFor(rows, ["R-D"])[index];
  return input === undefined ? [] : quotes("R-D", input.text, input.knownTerms);
}

describe("R-A, ambiguous words", () => {
  test.each([
    ["The page must be easy to use.", ["easy"]],
    ["The importer is robust and gives appropriate messages.", ["robust", "appropriate"]],
    ["The service keeps several copies.", ["several"]],
    ["The search is fast.", ["fast"]],
    ["It reads CSV, JSON, etc.", ["etc."]],
    ["The server retries if possible.", ["if possible"]],
    ["It logs warnings and/or errors.", ["and/or"]],
    ["The tool shows a clear message.", ["clear"]],
    ["The colour of the button is TBD.", ["TBD"]],
  ])("%s", (text, expected) => {
    expect(quotes("R-A", text)).toEqual(expected);
  });

  test.each([
    "The server answers within 200 ms, which is fast.",
    "The operator can clear the queue.",
    "At most five jobs run at once.",
    'The button is called "Easy setup".',
    "The option --fast=simple selects the mode easy_mode.",
    "A row shows how many jobs ran.",
  ])("leaves alone: %s", (text) => {
    expect(quotes("R-A", text)).toEqual([]);
  });
});

describe("R-C, compound requirements", () => {
  test("counts obligations", () => {
    const [finding] = find(
      "R-C",
      "The worker claims a job; it sends a mail and writes a log; the page shows the result.",
    );
    expect(finding?.explanation).toMatch(/^4 obligations/);
  });

  test.each([
    "The worker claims a job and runs it.",
    "The page lists every job. Test: open the page; the list appears; it has ten rows; the first is the newest.",
  ])("accepts: %s", (text) => {
    expect(find("R-C", text)).toEqual([]);
  });
});

describe("R-D, undefined terms", () => {
  test("an acronym and a quoted name that are explained nowhere", () => {
    expect(findIn(['The PSI job appears under "Deep Scans" in the list.'], 0)).toEqual(["PSI", "Deep Scans"]);
  });

  test("a term explained by another requirement", () => {
    const list = ["The scan reads the PSI score.", "PSI: the page speed score of a site."];
    expect(findIn(list, 0)).toEqual([]);
    expect(findIn(["The PSI score counts.", "Page Speed Insights (PSI) rates a site."], 0)).toEqual([]);
    expect(findIn(["The PSI score counts.", "A site that fails (PSI) is listed."], 0)).toEqual(["PSI"]);
    expect(findIn(['"Deep Scans" creates one job for each page.', 'The page has "Deep Scans".'], 1)).toEqual([]);
  });

  test("common knowledge and commands need no explanation", () => {
    expect(
      findIn(["The HTTP API answers JSON.", "LLEN rq:queue:default gives the length.", "GET /jobs lists them."], 0),
    ).toEqual([]);
    expect(findIn(["LLEN rq:queue:default gives the length."], 0)).toEqual([]);
  });

  test("a term is reported once for each requirement", () => {
    expect(findIn(["The PSI job stores the PSI score."], 0)).toEqual(["PSI"]);
  });
});

describe("R-F, missing outcome", () => {
  test.each([
    "Job retry and failure handling.",
    "Backup strategy for the database.",
    "Real-time performance dashboards.",
  ])("a heading: %s", (text) => {
    expect(find("R-F", text)).toMatchObject([{ severity: "high", quote: text, offset: 0 }]);
  });

  test("a heading with a limit is milder", () => {
    expect(find("R-F", "Startup time below 2 s.")).toMatchObject([{ severity: "medium" }]);
  });

  test("an activity without effect", () => {
    expect(quotes("R-F", "The application supports TLS.")).toEqual(["supports"]);
    expect(quotes("R-F", "Signals handled cleanly.")).toEqual(["handled"]);
  });

  test.each([
    "Exactly one worker claims each job.",
    "Creating a job returns its id.",
    "The worker updates progress while running.",
    "Dashboard usable for local debugging.",
    "At least 2 workers running.",
    "Missing token → 401.",
    "The list is sorted by date.",
    "Follow the logs of a worker.",
  ])("accepts: %s", (text) => {
    expect(find("R-F", text)).toEqual([]);
  });
});

describe("R-M, measurability", () => {
  test.each([
    ["The page updates in real-time.", ["real-time"]],
    ["The service is scalable and reliable.", ["scalable", "reliable"]],
    ["The cache reduces the load.", ["reduces"]],
    ["Minimal container overhead.", ["Minimal container overhead"]],
  ])("%s", (text, expected) => {
    expect(quotes("R-M", text).toSorted()).toEqual(expected.toSorted());
  });

  test.each([
    "The page updates in real-time, within 500 ms.",
    "The API answers immediately. Test: enqueue answers in <100 ms.",
    "It enqueues them all at once.",
    "Throughput stays at 1,000 jobs a second.",
  ])("accepts: %s", (text) => {
    expect(find("R-M", text)).toEqual([]);
  });
});

describe("R-P, passive voice", () => {
  test.each([
    ["The job is removed after a day.", "is removed"],
    ["Inputs are not automatically logged.", "are not automatically logged"],
    ["The report must be written to disk.", "be written"],
  ])("%s", (text, quote) => {
    expect(quotes("R-P", text)).toEqual([quote]);
  });

  test.each([
    "The job is removed by the sweeper.",
    "The worker removes the job.",
    "The queue is empty.",
    "The page shows what was produced.",
    'It prints "the job was lost".',
  ])("accepts: %s", (text) => {
    expect(find("R-P", text)).toEqual([]);
  });
});

describe("R-R, readability", () => {
  test("a clause without end", () => {
    const words = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? "the" : "house")).join(" ");
    expect(find("R-R", `A worker sees ${words}.`)).toMatchObject([
      { severity: "medium", explanation: expect.stringContaining("words") },
    ]);
  });

  test("remark upon remark", () => {
    expect(quotes("R-R", "It reads a (one), b (two), c (three) and d (four).")).toEqual([
      "(one), b (two), c (three) and d (four).",
    ]);
  });

  test("long Latin words throughout", () => {
    const text =
      "Organisational interoperability considerations necessitate comprehensive administrative documentation, " +
      "facilitating multidisciplinary collaboration, institutional accountability, continuous optimisation, " +
      "intercontinental standardisation and unprecedented technological transformation opportunities.";
    expect(find("R-R", text)).toMatchObject([{ explanation: expect.stringContaining("reading ease") }]);
  });

  test("plain words pass", () => {
    expect(find("R-R", "The worker takes a job from the queue, runs it and writes down what came of it.")).toEqual([]);
  });
});

describe("R-W, weak modality", () => {
  test("should and could do not bind", () => {
    expect(find("R-W", "The page should list all jobs.")).toMatchObject([{ severity: "medium", quote: "should" }]);
  });

  test("beside must they contradict", () => {
    expect(find("R-W", "The job must stop and should be removed.")).toMatchObject([
      { severity: "high", quote: "should" },
    ]);
  });

  test.each(["The job must stop.", "A user may cancel a job.", 'The text reads "you should save".'])(
    "accepts: %s",
    (text) => {
      expect(find("R-W", text)).toEqual([]);
    },
  );
});

describe("what analysers cannot read", () => {
  test.each([
    ["Der Server antwortet auf jede Anfrage, und alle Daten werden gespeichert."],
    ["Le serveur répond à chaque requête et conserve le résultat."],
    ["El servidor responde a cada solicitud y guarda los datos."],
    ["Il server risponde a ogni richiesta e conserva il risultato."],
  ])("another language, except for its acronyms: %s", (text) => {
    const { "R-D": definition, ...others } = refusals(text);
    expect(definition).toBeUndefined();
    expect(Object.keys(others)).toHaveLength(7);
    expect(new Set(Object.values(others))).toEqual(new Set(["NOT_ENGLISH"]));
  });

  test("a number with its unit can be measured in any language", () => {
    expect(refusals("Der Server antwortet auf jede Anfrage innerhalb von 200 ms.")).not.toHaveProperty("R-M");
  });

  test.each([["Сервер отвечает на каждый запрос."], ["服务器响应每个请求。"], ["1. 2. 3."]])(
    "another script, or none, not at all: %s",
    (text) => {
      expect(Object.entries(refusals(text))).toEqual(analyserCodes.map((code) => [code, "NOT_LATIN"]));
    },
  );

  test("code alone has no words to judge, but a result is a result", () => {
    expect(refusals("queue.getWaitingCount()/getActiveCount().")).toMatchObject({
      "R-A": "NO_PROSE",
      "R-F": "NO_PROSE",
    });
    expect(refusals("REDIS_APPENDONLY=yes.")).toMatchObject({ "R-A": "NO_PROSE", "R-R": "NO_PROSE" });
    expect(refusals("REDIS_APPENDONLY=yes.")).not.toHaveProperty("R-F");
  });

  test("one word beside code is neither verb nor noun", () => {
    expect(refusals("Dashboard http://localhost:9181.")).toEqual({ "R-F": "TOO_SHORT" });
  });

  test("the reason is reported", () => {
    expect(() => find("R-P", "Der Server antwortet auf jede Anfrage.")).toThrow("only 1 of its 6 words are English");
  });

  test.each([
    ["Redis AUTH requirepass supported."],
    ["The defospam queue is Redis-backed."],
    ["The organisation analyses the behaviour of its colour scheme."],
    ["Workers run standalone: python backend/worker.py --name worker-1."],
  ])("reads: %s", (text) => {
    expect(refusals(text)).toEqual({});
  });
});

describe("every analyser", () => {
  test("quotes the requirement's own words at their place", () => {
    const text = 'SSRF checks (R-D, R-F …) should be fast, "robust", etc.; ttl=5 is set and jobs are kept if possible.';
    const findings = analyserCodes.flatMap((code) => find(code, text));
    expect(findings.length).toBeGreaterThan(5);
    for (const { quote, offset } of findings) expect(text.slice(offset, offset + quote.length)).toBe(quote);
  });

  test("reports under its own code", () => {
    expect(analysers.map(({ code }) => code)).toEqual(analyserCodes);
    const text = "The PSI page should be easy to use; reliable jobs are kept.";
    for (const code of analyserCodes) for (const { analyser } of find(code, text)) expect(analyser).toBe(code);
  });

  test("is found by its code in any case, once", () => {
    expect(selectAnalysers(["r-d", " R-F", "R-D"]).map(({ code }) => code)).toEqual(["R-D", "R-F"]);
  });

  test("an unknown code is refused with the known ones", () => {
    expect(() => selectAnalysers(["R-X"])).toThrow(UnknownAnalyser);
    expect(() => selectAnalysers(["R-X"])).toThrow('Unknown analyser "R-X". Known analysers: R-A, R-C, R-D');
  });
});
