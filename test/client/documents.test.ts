// Documents as applications use them: settings that are put, read, compared and removed, and a log that is appended to.
import { describe, expect, it } from "vitest";
import {
  attach,
  DocumentConflict,
  EngineClosed,
  EngineUnavailable,
  InvalidInput,
  PayloadTooLarge,
  TooManyDocuments,
  type Documents,
  type Engine,
  type Longshore,
} from "longshore";
import { MemoryEngine } from "../../src/engine/memory/engine.js";
import { MOST_DOCUMENTS, MOST_KINDS } from "../../src/model/document/document.js";
import { withCommands } from "../worker/fixtures/fake-time-fixture.js";
import { onEveryEngine } from "../worker/fixtures/on-engines.js";

interface Limits {
  readonly limit: number;
}

const settingsOf = (longshore: Longshore): Documents<Limits> => longshore.documents<Limits>("settings");

onEveryEngine("a document", (storage) => {
  it("is put and read, with times and a version that rises", async () => {
    const settings = settingsOf(await storage.connect());
    const before = await settings.put("imports", { limit: 5 });
    const after = await settings.put("imports", { limit: 6 });

    expect([before.outcome, after.outcome]).toEqual(["created", "updated"]);
    expect(after.version).toBeGreaterThan(before.version);
    const { createdAt = 0, ...found } = (await settings.get("imports")) ?? {};
    expect(found).toEqual({
      id: "imports",
      value: { limit: 6 },
      version: after.version,
      updatedAt: expect.any(Number) as number,
    });
    expect(createdAt).toBeGreaterThan(0);
    expect(await settings.get("exports")).toBeNull();
    expect((await settings.getMany(["exports", "imports"])).map((one) => one?.value ?? null)).toEqual([
      null,
      { limit: 6 },
    ]);
    expect(await settings.getMany([])).toEqual([]);
  });

  it("is not overwritten or removed by who read it before another changed it", async () => {
    const settings = settingsOf(await storage.connect());
    const { version } = await settings.put("imports", { limit: 5 }, { version: 0 });
    await settings.put("imports", { limit: 6 }, { version });
    const present = await settings.get("imports");

    for (const late of [
      settings.put("imports", { limit: 7 }, { version }),
      settings.put("imports", { limit: 7 }, { version: 0 }),
      settings.remove("imports", { version }),
    ]) {
      const error: unknown = await late.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DocumentConflict);
      expect(error).toMatchObject({ code: "DOCUMENT_CONFLICT", present });
    }
    expect(await settings.get("imports")).toEqual(present);
    await expect(settings.put("exports", { limit: 1 }, { version: 5 })).rejects.toThrow(/version 5 .*there is none/);
  });

  it("is removed once", async () => {
    const settings = settingsOf(await storage.connect());
    const { version } = await settings.put("imports", { limit: 5 });
    expect(await settings.remove("imports", { version })).toBe(true);
    expect(await settings.remove("imports")).toBe(false);
    expect(await settings.get("imports")).toBeNull();
  });

  it("is listed by id, and all are cleared", async () => {
    const settings = settingsOf(await storage.connect());
    for (let n = 250; n > 0; n -= 1) await settings.put(String(n).padStart(3, "0"), { limit: n });
    const limits: number[] = [];
    for await (const { value } of settings) limits.push(value.limit);

    expect(limits).toEqual(Array.from({ length: 250 }, (_none, n) => n + 1));
    const { documents, cursor, revision } = await settings.list({ limit: 2, reverse: true });
    expect(documents.map(({ id }) => id)).toEqual(["250", "249"]);
    expect((await settings.list({ limit: 1, reverse: true, cursor })).documents[0]?.id).toBe("248");
    expect(await settings.revision()).toBe(revision);
    await settings.put("001", { limit: 0 });
    expect(await settings.revision()).toBeGreaterThan(revision);
    expect(await settings.clear()).toBe(250);
    expect(await settings.revision()).toBe(0);
    expect((await settings.list()).documents).toEqual([]);
  });

  it("of a log is the newest first, and the oldest goes beyond the cap", async () => {
    const changes = (await storage.connect()).documents<string>("changes");
    for (const what of ["a", "b", "c"]) await changes.append(what, { cap: 2 });
    const { documents } = await changes.list({ reverse: true });

    expect(documents.map(({ value }) => value)).toEqual(["c", "b"]);
    expect(await changes.remove(documents[0]?.id ?? "")).toBe(true);
    const { id, version } = await changes.append("d");
    expect(await changes.get(id)).toMatchObject({ value: "d", version });
    await expect(changes.put("e", "e")).rejects.toThrow(InvalidInput);
  });
});

/** A connection on which the answer to the first of these commands is lost after it was carried out. */
function losing(command: "putDocument" | "appendDocument" | "removeDocument"): {
  longshore: Longshore;
  engine: Engine;
} {
  const engine = new MemoryEngine();
  let calls = 0;
  const lossy = async (params: never): Promise<unknown> => {
    const answer = await (engine[command] as (params: never) => unknown)(params);
    calls += 1;
    if (calls === 1) throw new EngineUnavailable("memory:", "the answer was lost");
    return answer;
  };
  return { longshore: attach(withCommands(engine, { [command]: lossy })), engine };
}

describe("a command whose answer was lost", () => {
  it("is sent again, and is answered as what it was", async () => {
    const put = losing("putDocument").longshore.documents("settings");
    expect((await put.put("a", 1, { version: 0 })).outcome).toBe("created");
    expect((await put.list()).documents).toHaveLength(1);

    const appended = losing("appendDocument").longshore.documents("changes");
    await appended.append("a");
    expect((await appended.list()).documents).toHaveLength(1);

    const removed = losing("removeDocument").longshore.documents("settings");
    await removed.put("a", 1);
    expect(await removed.remove("a")).toBe(true);
  });
});

describe("what breaks a rule is refused before anything is stored", () => {
  const longshore = attach(new MemoryEngine());
  const settings = longshore.documents("settings");

  it.each([
    ["kind", () => longshore.documents("longshore:tokens")],
    ["kind", () => longshore.documents("a b")],
    ["id", () => settings.put("", 1)],
    ["id", () => settings.put("x".repeat(201), 1)],
    ["id", () => settings.get("a\nb")],
    ["id", () => settings.remove("\ud800")],
    ["ids[1]", () => settings.getMany(["a", ""])],
    ["ids", () => settings.getMany(Array.from({ length: 501 }, String))],
    ["value", () => settings.put("a", () => 1)],
    ["version", () => settings.put("a", 1, { version: -1 })],
    ["version", () => settings.remove("a", { version: 1.5 })],
    ["verison", () => settings.put("a", 1, { verison: 0 } as object)],
    ["options", () => settings.put("a", 1, null as never)],
    ["options", () => settings.append(1, null as never)],
    ["options", () => settings.list(null as never)],
    ["cap", () => settings.append(1, { cap: 0 })],
    ["cap", () => settings.append(1, { cap: 10_001 })],
    ["limit", () => settings.list({ limit: 501 })],
    ["reverse", () => settings.list({ reverse: 1 as unknown as boolean })],
    ["cursor", () => settings.list({ cursor: "" })],
  ])("%s", async (field, call) => {
    const error: unknown = await (async () => call())().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error).toMatchObject({ field });
    expect((await settings.list()).documents).toEqual([]);
  });

  it("a value of more than 64 KB", async () => {
    await settings.put("a", "x".repeat(65_534));
    await expect(settings.put("a", "é".repeat(33_000))).rejects.toThrow(PayloadTooLarge);
    await settings.clear();
  });

  it("one more than there may be", async () => {
    for (let n = 0; n < MOST_DOCUMENTS; n += 1) await settings.put(String(n), 1);
    await expect(settings.put("more", 1)).rejects.toThrow(TooManyDocuments);
    for (let n = 1; n < MOST_KINDS; n += 1) await longshore.documents(`kind${n}`).put("a", 1);
    await expect(longshore.documents("more").append(1)).rejects.toThrow(TooManyDocuments);
    await expect(settings.append(1)).rejects.toThrow("this one has records");
  });
});

it("a closed connection answers that it is closed", async () => {
  const longshore = attach(new MemoryEngine());
  const settings = longshore.documents("settings");
  await longshore.close();
  await expect(settings.get("a")).rejects.toThrow(EngineClosed);
  await expect(settings.put("a", 1)).rejects.toThrow(EngineClosed);
});
