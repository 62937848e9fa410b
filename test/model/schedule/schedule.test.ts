import { describe, expect, test } from "vitest";
import { PayloadTooLarge } from "../../../src/model/errors/errors.js";
import { DEFAULT_BACKOFF } from "../../../src/model/failure/backoff.js";
import { DEFAULT_RETENTION } from "../../../src/model/job/retention.js";
import { parseSchedule, type ScheduleOption } from "../../../src/model/schedule/schedule.js";

const START = new Date("2026-12-01T00:00:00Z");

describe("a schedule", () => {
  test("needs a name, a task and a cron expression; the rest has defaults", () => {
    expect(parseSchedule("schedule", { name: "clean-up", task: "cleanup_expired_jobs", cron: "0 * * * *" })).toEqual({
      name: "clean-up",
      times: { type: "cron", cron: "0 * * * *", timeZone: "UTC" },
      job: {
        queue: "default",
        task: "cleanup_expired_jobs",
        input: "null",
        backoff: DEFAULT_BACKOFF,
        timeout: 300_000,
        priority: 0,
        attempts: 3,
        ttl: null,
        tags: [],
        meta: null,
        unique: null,
        supersedes: null,
        retention: DEFAULT_RETENTION,
      },
      catchUp: "one",
      overlap: "allow",
      jitter: 0,
      start: null,
      end: null,
      paused: false,
    });
  });

  test("or an interval, from the epoch when nothing is said", () => {
    expect(parseSchedule("schedule", { name: "poll", task: "poll", every: "5m" }).times).toEqual({
      type: "interval",
      every: 300_000,
      anchor: 0,
    });
  });

  test("takes everything else there is to say", () => {
    const option: ScheduleOption = {
      name: "report:weekly",
      task: "report",
      input: { team: 7 },
      options: { queue: "reports", attempts: 5, tags: ["team:7"], priority: -1, unique: { key: "report" } },
      cron: "0 9 * * MON",
      timeZone: "Europe/Berlin",
      catchUp: "all",
      overlap: "skip",
      jitter: "10m",
      start: START,
      end: Date.parse("2027-12-01T00:00:00Z"),
      paused: true,
    };
    const schedule = parseSchedule("schedule", option);
    expect(schedule).toMatchObject({
      times: { type: "cron", cron: "0 9 * * MON", timeZone: "Europe/Berlin" },
      job: { queue: "reports", task: "report", input: '{"team":7}', attempts: 5, tags: ["team:7"], priority: -1 },
      catchUp: "all",
      overlap: "skip",
      jitter: 600_000,
      start: START.getTime(),
      end: Date.parse("2027-12-01T00:00:00Z"),
      paused: true,
    });
    expect(schedule.job.unique?.key).toBe("report");
  });

  test("is plain JSON when stored", () => {
    const schedule = parseSchedule("schedule", { name: "n", task: "t", every: "1h", start: START, jitter: "1m" });
    expect(JSON.parse(JSON.stringify(schedule))).toEqual(schedule);
  });

  test("takes what its task and queue say where it says nothing", () => {
    const option = { name: "n", task: "t", every: "1h", options: { attempts: 9, tags: ["c"] } };
    const { job } = parseSchedule("schedule", option, {
      queue: "video",
      options: [{ attempts: 2, timeout: "1m", tags: ["a"] }, undefined, { attempts: 4, priority: 5, tags: ["b"] }],
    });
    expect(job).toMatchObject({ queue: "video", attempts: 9, timeout: 60_000, priority: 5, tags: ["a", "b", "c"] });
  });

  test("may not have an input over the cap", () => {
    const option = { name: "n", task: "t", every: "1h", input: "x".repeat(2_000) };
    expect(() => parseSchedule("schedule", option, { payloadCap: 1_000 })).toThrow(PayloadTooLarge);
  });

  test.each([
    ["Europe/Berlin"],
    ["UTC"],
    ["Etc/GMT+5"],
    ["America/Argentina/Buenos_Aires"],
    ["America/Port-au-Prince"],
  ])("may be in the time zone %s", (timeZone) => {
    const { times } = parseSchedule("schedule", { name: "n", task: "t", cron: "@daily", timeZone });
    expect(times).toMatchObject({ timeZone });
  });
});

const cron = { name: "n", task: "t", cron: "0 * * * *" };
const interval = { name: "n", task: "t", every: "1h" };

describe("a schedule is refused", () => {
  test.each([
    ["no object", "hourly", ""],
    ["a list", [cron], ""],
    ["nothing", null, ""],
    ["one with a misspelt option", { ...cron, timezone: "UTC" }, ".timezone"],
    ["one without a name", { task: "t", cron: "@daily" }, ".name"],
    ["one whose name could not be a key", { ...cron, name: "every hour" }, ".name"],
    ["one whose name is too long", { ...cron, name: "n".repeat(101) }, ".name"],
    ["one without a task", { name: "n", cron: "@daily" }, ".task"],
    ["one whose task is no name", { ...cron, task: "a task" }, ".task"],
    ["one whose input is no JSON", { ...cron, input: { at: Number.NaN } }, ".input.at"],
    ["one that is never due", { name: "n", task: "t" }, ".cron"],
    ["one that is due by cron and by interval", { ...cron, every: "1h" }, ".every"],
    ["one by cron with an anchor", { ...cron, anchor: START }, ".anchor"],
    ["one by interval with a time zone", { ...interval, timeZone: "UTC" }, ".timeZone"],
    ["one whose expression is none", { ...cron, cron: "hourly" }, ".cron"],
    ["one whose date never comes", { ...cron, cron: "0 0 30 2 *" }, ".cron"],
    ["one in no time zone", { ...cron, timeZone: "Mars/Olympus" }, ".timeZone"],
    ["one whose time zone is an offset", { ...cron, timeZone: "+02:00" }, ".timeZone"],
    ["one whose time zone is empty", { ...cron, timeZone: "" }, ".timeZone"],
    ["one whose time zone is no text", { ...cron, timeZone: 2 }, ".timeZone"],
    ["one more often than every second", { ...interval, every: 100 }, ".every"],
    ["one with an unknown catchUp", { ...cron, catchUp: "some" }, ".catchUp"],
    ["one with an unknown overlap", { ...cron, overlap: true }, ".overlap"],
    ["one whose jitter is rubbish", { ...cron, jitter: "a bit" }, ".jitter"],
    ["one with a jitter of more than a day", { ...cron, jitter: "25h" }, ".jitter"],
    ["one with a jitter longer than its interval", { ...interval, jitter: "61m" }, ".jitter"],
    ["one that starts in seconds", { ...cron, start: 1_700_000_000 }, ".start"],
    ["one that ends at no date", { ...cron, end: new Date("rubbish") }, ".end"],
    ["one that ends after the year 9999", { ...cron, end: 253_402_300_800_000 }, ".end"],
    ["one that ends before it starts", { ...cron, start: START, end: START.getTime() - 1 }, ".end"],
    ["one that is perhaps paused", { ...cron, paused: "yes" }, ".paused"],
    ["options that are none", { ...cron, options: "urgent" }, ".options"],
    ["an id for every job", { ...cron, options: { id: "one" } }, ".options.id"],
    ["a delay", { ...cron, options: { delay: "1m" } }, ".options.delay"],
    ["a time", { ...cron, options: { runAt: START } }, ".options.runAt"],
    ["jobs that are held", { ...cron, options: { hold: true } }, ".options.hold"],
    [
      "jobs that wait for quiet",
      { ...cron, options: { unique: { key: "k", debounce: "1m" } } },
      ".options.unique.debounce",
    ],
    ["a queue that is no name", { ...cron, options: { queue: "my queue" } }, ".options.queue"],
    ["two ways to supersede", { ...cron, overlap: "supersede", options: { supersedes: "k" } }, ".options.supersedes"],
  ])("when it is %s", (_title, value, field) => {
    expect(() => parseSchedule("schedules[1]", value)).toThrow(
      expect.objectContaining({ code: "INVALID_INPUT", field: `schedules[1]${field}` }),
    );
  });

  test("when an option of its jobs breaks the rule that it has in every job", () => {
    const option = { ...cron, options: { attempts: 0 } };
    expect(() => parseSchedule("schedule", option)).toThrow(expect.objectContaining({ field: "attempts" }));
  });
});
