// Templates for the addresses of results: which are taken, and what becomes of them with the parts of a job.
import { describe, expect, it } from "vitest";
import { resultUrl, task } from "longshore";

const job = {
  id: "0TZ",
  queue: "scans",
  input: { siteId: "a/b ä", page: 7, deep: [{ ok: true }], up: "..", dot: ".", none: null, empty: "", half: "\uD800" },
  result: { order: { id: "4711" } },
};

describe("a template", () => {
  it.each([
    "/reports/{id}",
    "/",
    "/reports?site={input.siteId}#{result.order.id}",
    "https://shop.example:8080/orders/{result.order.id}",
    "http://shop.example",
    "HTTPS://shop.example?job={id}",
  ])("is %j", (template) => {
    expect(task("t", { resultUrl: template }).resultUrl).toBe(template);
  });

  it.each([
    "reports/{id}",
    "//evil.example/{id}",
    "/\\evil.example",
    "javascript:alert({id})",
    "ftp://shop.example/{id}",
    "https://{input.host}/",
    "https://shop{input.host}.example/",
    "https://user@shop.example/",
    "https:///x",
    "/a/{job}",
    "/a/{input}",
    "/a/{input.}",
    "/a/{input..b}",
    "/a/{id",
    "/a/id}",
    "/a/{{id}}",
    "/a b",
    "/a\n",
    "/../{id}",
    "/a/%2E%2e/{id}",
    "/".padEnd(501, "x"),
    "",
    7,
    null,
  ])("is not %j", (template) => {
    expect(() => task("t", { resultUrl: template as string })).toThrow(/resultUrl.*is not allowed/);
    expect(resultUrl(template as string, job)).toBeNull();
  });
});

describe("the address of a result", () => {
  it.each([
    ["/reports/{queue}/{id}", "/reports/scans/0TZ"],
    ["/s/{input.siteId}/{input.page}", "/s/a%2Fb%20%C3%A4/7"],
    ["/s/{input.deep.0.ok}?o={result.order.id}", "/s/true?o=4711"],
    ["https://shop.example/o/{result.order.id}", "https://shop.example/o/4711"],
  ])("of %j is %j", (template, url) => {
    expect(resultUrl(template, job)).toBe(url);
  });

  it.each([
    ["a part that is not there", "/{input.other}"],
    ["a part below one that is not there", "/{result.other.id}"],
    ["an object", "/{result.order}"],
    ["null", "/{input.none}"],
    ["an empty text, which would make another host of what follows", "/{input.empty}/evil.example"],
    ["a text that climbs", "/a/{input.up}/b"],
    ["a text that climbs together with another", "/a/{input.dot}{input.dot}/b"],
    ["half a character", "/{input.half}"],
    ["what objects have by nature", "/{input.constructor.name}"],
  ])("is null with %s", (_what, template) => {
    expect(resultUrl(template, job)).toBeNull();
  });

  it("is null while there is no result, and when it would be longer than 4,000 characters", () => {
    expect(resultUrl("/{result.order.id}", { ...job, result: null })).toBeNull();
    expect(resultUrl("/{input.long}", { ...job, input: { long: "x".repeat(4_000) } })).toBeNull();
  });
});
