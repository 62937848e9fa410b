// The health server of a worker, asked as platforms ask: what it answers, and to whom.
import { request } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { HealthServer } from "../../../src/cli/health/health-server.js";
import type { Readiness } from "../../../src/cli/health/readiness.js";

async function serve(ready: Readiness): Promise<string> {
  const server = await HealthServer.listen({ host: "127.0.0.1", port: 0 }, ready);
  onTestFinished(() => server.close());
  return server.url;
}

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

function ask(url: string, { method = "GET", host = "localhost" } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers: { host }, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => resolve({ status: response.statusCode, text }));
    })
      .on("error", reject)
      .end();
  });
}

test("healthz is 200 whatever readyz says; readyz is 200 or 503; neither says more", async () => {
  let ready = false;
  const url = await serve(async () => ready);
  expect(await ask(`${url}/healthz`)).toEqual({ status: 200, text: '{"status":"ok"}' });
  expect(await ask(`${url}/readyz`)).toEqual({ status: 503, text: '{"status":"not ready"}' });
  ready = true;
  expect(await ask(`${url}/readyz?verbose=1`)).toEqual({ status: 200, text: '{"status":"ready"}' });
});

test("an error is not ready, and its text is not shown", async () => {
  const url = await serve(() => Promise.reject(new Error("redis://user:secret@host")));
  expect(await ask(`${url}/readyz`)).toEqual({ status: 503, text: '{"status":"not ready"}' });
});

test.each(["evil.example", "10.0.0.7:9182", "[::1]", "a b c"])("Host: %s is answered", async (host) => {
  const url = await serve(async () => true);
  for (const path of ["healthz", "readyz"])
    expect(await ask(`${url}/${path}`, { host })).toMatchObject({ status: 200 });
});

test.each([
  ["HEAD", "/readyz", 200, ""],
  ["GET", "/", 404, '{"status":"not found"}'],
  ["GET", "/readyz/", 404, '{"status":"not found"}'],
  ["GET", "/api/jobs", 404, '{"status":"not found"}'],
  ["POST", "/readyz", 404, '{"status":"not found"}'],
])("%s %s: %d", async (method, path, status, text) => {
  const url = await serve(async () => true);
  expect(await ask(url + path, { method })).toEqual({ status, text });
});
