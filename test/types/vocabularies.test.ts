// The types of profiles and status machines, checked by the compiler (`npm run typecheck`): a name that is missing, or
// one that is no status, does not compile, and what comes back is one of the names that were given.
import { describe, expect, expectTypeOf, it } from "vitest";
import { profile, statuses, type JobState, type Profile, type ProfiledJob, type StatusMachine } from "longshore";

const states = {
  blocked: "waiting",
  delayed: "waiting",
  queued: "waiting",
  active: "running",
  completed: "done",
  partial: "done",
  failed: "broken",
  cancelled: "broken",
  superseded: "broken",
  expired: "broken",
} as const;

const plain = profile({ states });
const rich = profile({
  states,
  milestones: { TEASER: "teaser" },
  steps: { crawl: "CRAWL", parse: "PARSE" },
  errors: { "404": "missing" },
});
const light = statuses({ initial: "RED", transitions: { RED: ["GREEN"], GREEN: ["AMBER"], AMBER: ["RED"] } });

// Never called: only compiled.
export function uses(job: ProfiledJob, value: unknown): void {
  expectTypeOf(plain.status(job)).toEqualTypeOf<{
    readonly status: "waiting" | "running" | "done" | "broken";
    readonly step: string | null;
  }>();
  expectTypeOf(rich.status(job)).toEqualTypeOf<{
    readonly status: "waiting" | "running" | "done" | "broken" | "teaser" | "missing";
    readonly step: "CRAWL" | "PARSE" | null;
  }>();
  expectTypeOf(rich.statesOf("teaser")).toEqualTypeOf<readonly JobState[]>();

  const { expired, ...incomplete } = states;
  // @ts-expect-error a state without a name
  profile({ states: incomplete });
  // @ts-expect-error a name for something that is no state
  profile({ states: { ...incomplete, expired, paused: "held" } });
  // @ts-expect-error a name that is no text
  profile({ states: { ...incomplete, expired: 5 } });
  // @ts-expect-error an option that does not exist
  profile({ states, milestone: {} });

  expectTypeOf(light.next("RED")).toEqualTypeOf<readonly ("RED" | "GREEN" | "AMBER")[]>();
  if (light.has(value)) expectTypeOf(value).toEqualTypeOf<"RED" | "GREEN" | "AMBER">();
  // @ts-expect-error a status that was not declared
  light.can("RED", "BLUE");
  // @ts-expect-error nor here
  light.assert("BLUE", "RED");
  // @ts-expect-error a transition to a status that was not declared
  statuses({ initial: "A", transitions: { A: ["B"] } });
  // @ts-expect-error an initial status that was not declared
  statuses({ initial: "B", transitions: { A: [] } });
  // @ts-expect-error no transitions
  statuses({ initial: "A" });
}

describe("types", () => {
  it("of any profile and any status machine take each one", () => {
    const profiles: Profile[] = [plain, rich];
    const machines: StatusMachine[] = [light];
    expect([profiles.length, machines.length]).toEqual([2, 1]);
    expectTypeOf(light).toEqualTypeOf<StatusMachine<"RED" | "GREEN" | "AMBER">>();
  });
});
