// What every route does with requests that are not as the document says.
import { describe, expect, it } from "vitest";
import type { Parameter } from "../contract/document.js";
import { checkedApiOf, documentOf } from "../support/checked-api.js";
import { memoryForEach } from "../support/memory.js";

describe("every route", () => {
  const connection = memoryForEach();

  async function operations(): Promise<
    { asked: string; query: readonly string[]; hasBody: boolean; params: readonly Parameter[] }[]
  > {
    const document = await documentOf(checkedApiOf(connection()));
    return document.operations.map(({ name, parameters = [], requestBody }) => ({
      asked: name,
      query: parameters.filter((one) => one.in === "query").map((one) => one.name),
      hasBody: requestBody !== undefined,
      params: parameters,
    }));
  }

  it("that takes a query refuses a parameter that it does not know", async () => {
    const call = checkedApiOf(connection());
    const taking = (await operations()).filter(({ query, asked }) => query.length > 0 && !asked.includes("compat"));
    expect(taking.length).toBeGreaterThan(15);
    for (const { asked, query } of taking) {
      const misspelt = `${query[0]}x`;
      // Streams want to know of what.
      const wanted = asked === "GET /api/events" ? "topics=overview&" : "";
      const answer = await call(
        `${asked.replaceAll(/\{\w+\}/g, "x")}?${wanted}${misspelt}=1`,
        asked.startsWith("P") ? {} : undefined,
      );
      expect([asked, answer.body]).toMatchObject([asked, { status: 400, code: "INVALID_INPUT", field: misspelt }]);
    }
  });

  it("that takes a body refuses a field that it does not know", async () => {
    const call = checkedApiOf(connection());
    const taking = (await operations()).filter(({ hasBody }) => hasBody);
    expect(taking.length).toBeGreaterThan(6);
    for (const { asked } of taking) {
      const answer = await call(asked.replaceAll(/\{\w+\}/g, "x"), { misspelt: 1 });
      expect([asked, answer.body]).toMatchObject([asked, { status: 400, code: "INVALID_INPUT" }]);
    }
  });

  it("that takes a page refuses a limit beyond 200, and lives with any cursor", async () => {
    const call = checkedApiOf(connection());
    const paged = (await operations()).filter(({ query }) => query.includes("cursor"));
    expect(paged.length).toBeGreaterThan(7);
    for (const { asked } of paged) {
      for (const limit of ["0", "201", "ten", "1.5"]) {
        expect((await call(`${asked}?limit=${limit}`)).body).toMatchObject({ status: 400, field: "limit" });
      }
      expect([200, 400]).toContain((await call(`${asked}?cursor=%00x`)).status);
    }
  });

  it("that names something in its path refuses what can be no name", async () => {
    const call = checkedApiOf(connection());
    const named = (await operations()).filter(({ params }) => {
      return params.some((one) => one.in === "path" && one.schema["pattern"] !== undefined);
    });
    expect(named.length).toBeGreaterThan(30);
    for (const { asked } of named) {
      const answer = await call(asked.replaceAll(/\{\w+\}/g, "no%20name"), asked.startsWith("P") ? {} : undefined);
      expect([asked, answer.status]).toEqual([asked, 400]);
    }
  });
});
