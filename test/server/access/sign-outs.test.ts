// Which sessions were signed out: however many are, none becomes good again, in no process.
import { expect, it } from "vitest";
import { attach } from "longshore";
import { MemoryEngine } from "../../../src/engine/memory/engine.js";
import { ManualClock } from "../../../src/engine/testkit/context/manual-clock.js";
import { SignOuts, type SessionTimes } from "../../../src/server/access/sign-outs.js";
import { onEveryEngine } from "../../worker/fixtures/on-engines.js";

const HOUR = 3_600_000;
const clock = new ManualClock(1_000 * HOUR);

function sessionsFrom(beganAt: number, count: number): SessionTimes[] {
  return Array.from({ length: count }, (_, at) => {
    const began = beganAt + at;
    return { id: `session-${began}`, beganAt: began, expiresAt: began + 12 * HOUR };
  });
}

async function allOver(signOuts: SignOuts, token: string, sessions: readonly SessionTimes[]): Promise<boolean> {
  return (await Promise.all(sessions.map((session) => signOuts.has(token, session)))).every(Boolean);
}

onEveryEngine("sign-outs", (storage) => {
  it("are kept in every process, a thousand at once in each of two", async () => {
    const first = await storage.connect();
    const second = first.info.kind === "memory" ? first : await storage.connect();
    const [here, there] = [new SignOuts(first, clock), new SignOuts(second, clock)];
    const began = clock.now() - HOUR;
    const [ours, theirs] = [sessionsFrom(began, 1_000), sessionsFrom(began + 1_000, 1_000)];
    await Promise.all([
      ...ours.map((session) => here.add("token", session)),
      ...theirs.map((session) => there.add("token", session)),
    ]);
    const later = new SignOuts(second, clock);
    expect(await allOver(later, "token", [...ours, ...theirs])).toBe(true);
    const [fresh] = sessionsFrom(clock.now(), 1);
    expect(fresh && (await later.has("token", fresh))).toBe(false);
    expect(await later.has("another token", ours[0] as SessionTimes)).toBe(false);
    const documents = first.platformDocuments("longshore:sign-outs");
    expect((await documents.list()).documents.map(({ id }) => id)).toEqual(["token"]);
    expect(JSON.stringify((await documents.get("token"))?.value).length).toBeLessThan(32 * 1024);
  });
});

it("end no session that goes on, where they are few", async () => {
  const longshore = attach(new MemoryEngine());
  const signOuts = new SignOuts(longshore, clock);
  const sessions = sessionsFrom(clock.now(), 300);
  const ended = sessions.filter((_, at) => at % 2 === 0);
  for (const session of ended) await signOuts.add("token", session);
  const over = await Promise.all(sessions.map((session) => signOuts.has("token", session)));
  expect(over).toEqual(sessions.map((_, at) => at % 2 === 0));
  await longshore.close();
});

it("say when a session may begin whose process has a clock that is behind", async () => {
  const longshore = attach(new MemoryEngine());
  const signOuts = new SignOuts(longshore, clock);
  expect(await signOuts.earliest("token")).toBeLessThan(clock.now());
  const ahead = sessionsFrom(clock.now() + HOUR, 300);
  for (const session of ahead) await signOuts.add("token", session);
  const beganAt = await signOuts.earliest("token");
  expect(beganAt).toBeGreaterThan(clock.now() + HOUR);
  expect(await signOuts.has("token", { id: "new", beganAt, expiresAt: beganAt + HOUR })).toBe(false);
  await longshore.close();
});

it("of tokens that are long over give room to others", async () => {
  const longshore = attach(new MemoryEngine());
  const old = longshore.platformDocuments("longshore:sign-outs");
  for (let at = 0; at < 10_000; at += 1) {
    await old.put(`old-${at}`, { until: 0, sessions: [], expiresAt: clock.now() - 1 });
  }
  const [session] = sessionsFrom(clock.now(), 1) as [SessionTimes];
  await new SignOuts(longshore, clock).add("token", session);
  expect((await old.list()).documents.map(({ id }) => id)).toEqual(["token"]);
  await longshore.close();
});
