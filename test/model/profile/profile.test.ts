import { describe, expect, test } from "vitest";
import { InvalidInput } from "../../../src/model/errors/errors.js";
import { profile, type Profile, type ProfiledJob } from "../../../src/model/profile/profile.js";
import { isTerminal, perState, STATES, type JobState } from "../../../src/model/job/state.js";
import { projects, reviews, scans, scanStatuses, scraping, scrapingPage, summaries } from "./profiles.js";

interface Particulars {
  step?: string;
  milestones?: string[];
  code?: string;
}

function job(state: JobState, { step, milestones = [], code }: Particulars = {}): ProfiledJob {
  return { state, progress: { step: step ?? null, milestones }, error: code === undefined ? null : { code } };
}

/** What a profile calls a job in each state, in the order of STATES. */
function namesByState({ status }: Profile): string[] {
  return STATES.map((state) => status(job(state)).status);
}

describe("the names of", () => {
  test.each<[string, Profile, string]>([
    ["S0", reviews, "queued queued queued running finished Partial failed failed Superseded failed"],
    ["S1", scans, "QUEUED QUEUED QUEUED RUNNING FULL_READY FULL_READY ERROR_ANALYZE CANCELLED SUPERSEDED EXPIRED"],
    ["S2", summaries, "queued delayed queued active completed completed failed failed failed failed"],
    ["S3", scraping, "deferred scheduled queued started finished finished failed canceled canceled canceled"],
    [
      "S3's page",
      scrapingPage,
      "running running running running completed completed failed cancelled cancelled cancelled",
    ],
    ["S4", projects, "PENDING QUEUED QUEUED PROCESSING COMPLETED COMPLETED FAILED FAILED FAILED FAILED"],
  ])(
    "%s, for blocked, delayed, queued, active, completed, partial, failed, cancelled, superseded, expired",
    (_system, profile, names) => {
      expect(namesByState(profile).join(" ")).toBe(names);
    },
  );

  test("S2 and S4 are exactly their five (S2-27, S4-37)", () => {
    expect(summaries.names).toEqual(["queued", "delayed", "active", "completed", "failed"]);
    expect(projects.names).toEqual(["PENDING", "QUEUED", "PROCESSING", "COMPLETED", "FAILED"]);
  });

  test("S3 end in its terminal set alone (S3-30)", () => {
    const ends = STATES.filter(isTerminal).map((state) => scraping.states[state]);
    expect(new Set(ends)).toEqual(new Set(["finished", "failed", "canceled"]));
  });
});

describe("a scan of S1", () => {
  const life = [
    job("queued"),
    job("active"),
    job("active", { step: "crawl" }),
    job("active", { step: "parse" }),
    job("active", { step: "analyze" }),
    job("active", { step: "analyze", milestones: ["TEASER_READY"] }),
    job("active", { step: "generate", milestones: ["TEASER_READY"] }),
    job("completed", { milestones: ["TEASER_READY"] }),
  ];

  test("is followed from QUEUED through its steps and TEASER_READY to FULL_READY (S1-09…11)", () => {
    expect(life.map(scans.status)).toEqual([
      { status: "QUEUED", step: null },
      { status: "RUNNING", step: null },
      { status: "RUNNING", step: "CRAWL" },
      { status: "RUNNING", step: "PARSE" },
      { status: "RUNNING", step: "ANALYZE" },
      { status: "TEASER_READY", step: "ANALYZE" },
      { status: "TEASER_READY", step: "GENERATE" },
      { status: "FULL_READY", step: null },
    ]);
  });

  test.each(["ERROR_VALIDATION", "ERROR_CRAWL", "ERROR_ANALYZE"])(
    "that failed with %s is called so (S1-12…14)",
    (code) => {
      expect(scans.status(job("failed", { code, step: "crawl" }))).toEqual({ status: code, step: null });
    },
  );

  test.each(["TIMEOUT", "WORKER_LOST", "503"])("that failed with %s has the name of all other failures", (code) => {
    expect(scans.status(job("failed", { code })).status).toBe("ERROR_ANALYZE");
  });

  test("goes only ways that its state machine allows (S1-15)", () => {
    const seen = [...new Set(life.map((moment) => scans.status(moment).status))].filter((name) =>
      scanStatuses.has(name),
    );
    const steps = seen.slice(1).map((to, index) => scanStatuses.can(seen[index] ?? scanStatuses.initial, to));
    expect(seen).toEqual(["QUEUED", "RUNNING", "TEASER_READY", "FULL_READY"]);
    expect(steps).toEqual([true, true, true]);
  });
});

const plain = perState((state) => state);

describe("a milestone", () => {
  const drafts = profile({ states: plain, milestones: { outline: "OUTLINED", draft: "DRAFTED" } });

  test("names the status of an active job, the latest one first", () => {
    expect(drafts.status(job("active", { milestones: ["outline"] })).status).toBe("OUTLINED");
    expect(drafts.status(job("active", { milestones: ["outline", "draft"] })).status).toBe("DRAFTED");
    expect(drafts.status(job("active", { milestones: ["draft", "outline"] })).status).toBe("OUTLINED");
  });

  test("that is not listed leaves the status to the one before it, or to the state", () => {
    expect(drafts.status(job("active", { milestones: ["outline", "spell-checked"] })).status).toBe("OUTLINED");
    expect(drafts.status(job("active", { milestones: ["spell-checked", "toString"] })).status).toBe("active");
  });

  test("says nothing of a job that waits for its next attempt, or has ended", () => {
    for (const state of STATES.filter((state) => state !== "active")) {
      expect(drafts.status(job(state, { milestones: ["draft"] })).status).toBe(state);
    }
  });
});

describe("the step", () => {
  test("has its own name when the profile has none for steps", () => {
    expect(reviews.status(job("active", { step: "check wording" })).step).toBe("check wording");
  });

  test("stays hidden when the profile has names for steps, but none for this one", () => {
    expect(scans.status(job("active", { step: "warm-up" })).step).toBeNull();
    expect(scans.status(job("active", { step: "constructor" })).step).toBeNull();
    expect(profile({ states: plain, steps: {} }).status(job("active", { step: "crawl" })).step).toBeNull();
  });

  test("is only that of an active job", () => {
    for (const state of STATES.filter((state) => state !== "active")) {
      expect(scans.status(job(state, { step: "crawl" })).step).toBeNull();
    }
  });

  test("is null when no progress was ever reported", () => {
    expect(scans.status({ state: "active", progress: null, error: null })).toEqual({ status: "RUNNING", step: null });
  });
});

describe("an error code", () => {
  test("names the status of a failed job only: an error of an earlier attempt does not", () => {
    for (const state of STATES.filter((state) => state !== "failed")) {
      expect(scans.status(job(state, { code: "ERROR_CRAWL" })).status).toBe(scans.states[state]);
    }
  });

  test("that is missing or not listed leaves the name to the state", () => {
    expect(scans.status({ state: "failed", progress: null, error: { code: null } }).status).toBe("ERROR_ANALYZE");
    expect(profile({ states: plain, errors: { "": "X" } }).status(job("failed")).status).toBe("failed");
    expect(profile({ states: plain, errors: { A: "X" } }).status(job("failed", { code: "valueOf" })).status).toBe(
      "failed",
    );
  });
});

describe("the states of a status", () => {
  test("are those that have its name, in their order", () => {
    expect(reviews.statesOf("queued")).toEqual(["blocked", "delayed", "queued"]);
    expect(reviews.statesOf("failed")).toEqual(["failed", "cancelled", "expired"]);
    expect(scraping.statesOf("deferred")).toEqual(["blocked"]);
  });

  test("are where a milestone or an error code can name it", () => {
    expect(scans.statesOf("TEASER_READY")).toEqual(["active"]);
    expect(scans.statesOf("ERROR_CRAWL")).toEqual(["failed"]);
    const shared = profile({ states: plain, milestones: { early: "completed" }, errors: { GONE: "cancelled" } });
    expect(shared.statesOf("completed")).toEqual(["active", "completed"]);
    expect(shared.statesOf("cancelled")).toEqual(["failed", "cancelled"]);
  });

  test("are not asked for by an unknown name: the error lists the known ones", () => {
    for (const name of ["Running", "active", "toString", ""])
      expect(() => reviews.statesOf(name)).toThrow(InvalidInput);
    expect(() => reviews.statesOf("Running")).toThrow(
      'status: "Running" is not allowed: one of queued, running, finished, Partial, failed, Superseded',
    );
  });

  test("hold every job that has the status, and every status is listed", () => {
    const particulars: Particulars[] = [{}, { step: "crawl", milestones: ["TEASER_READY"], code: "ERROR_CRAWL" }];
    for (const profile of [reviews, scans, summaries, scraping, scrapingPage, projects] as Profile[]) {
      const seen = STATES.flatMap((state) =>
        particulars.map((some) => ({ state, ...profile.status(job(state, some)) })),
      );
      for (const { state, status } of seen) {
        expect(profile.names).toContain(status);
        expect(profile.statesOf(status)).toContain(state);
      }
    }
  });
});

describe("a profile", () => {
  test("lists every status once: milestones after active, error codes after failed", () => {
    expect(scans.names).toEqual([
      "QUEUED",
      "RUNNING",
      "TEASER_READY",
      "FULL_READY",
      "ERROR_ANALYZE",
      "ERROR_VALIDATION",
      "ERROR_CRAWL",
      "CANCELLED",
      "SUPERSEDED",
      "EXPIRED",
    ]);
  });

  test("does not change, whatever becomes of what it was made from or of what it gave", () => {
    const states = { ...plain };
    const made = profile({ states });
    states.active = "failed";
    expect(made.status(job("active")).status).toBe("active");
    const parts = [made, made.states, made.names, made.statesOf("active")];
    expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
  });

  test("refuses a job whose state is none", () => {
    const strange = { state: "paused", progress: null, error: null } as unknown as ProfiledJob;
    expect(() => reviews.status(strange)).toThrow(expect.objectContaining({ field: "state" }));
  });

  const { partial: _partial, ...incomplete } = plain;

  test.each<[string, unknown, string]>([
    ["nothing", undefined, "profile"],
    ["a list", [], "profile"],
    ["a misspelt option", { states: plain, milestone: {} }, "milestone"],
    ["no states", {}, "states"],
    ["a state without a name", { states: incomplete }, "states.partial"],
    ["a name for no state", { states: { ...plain, paused: "held" } }, "states.paused"],
    ["a name that is none", { states: { ...plain, active: 5 } }, "states.active"],
    ["an empty name", { states: { ...plain, active: "" } }, "states.active"],
    ["a name with a line break", { states: plain, steps: { crawl: "a\nb" } }, "steps.crawl"],
    ["a name over 100 bytes", { states: plain, errors: { GONE: "x".repeat(101) } }, "errors.GONE"],
    ["milestones in a list", { states: plain, milestones: ["TEASER_READY"] }, "milestones"],
    ["milestones that are null", { states: plain, milestones: null }, "milestones"],
    ["error codes that are null", { states: plain, errors: null }, "errors"],
    ["steps that are null", { states: plain, steps: null }, "steps"],
  ])("may not be made of %s", (_title, options, field) => {
    const make = (): unknown => profile(options as Parameters<typeof profile>[0]);
    expect(make).toThrow(InvalidInput);
    expect(make).toThrow(expect.objectContaining({ field }));
  });
});
