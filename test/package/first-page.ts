// A first page in a browser, against the packed package: `npm run check:package` compiles it with the types of browsers alone.
import { connectHttp, HttpProblem } from "longshore/http";

/** Follows a job to its result. */
export async function scan(url: string, show: (percent: number) => void): Promise<unknown> {
  const longshore = connectHttp("/admin/jobs", { fetch: (input, init) => fetch(input, init) });
  const job = await longshore.enqueue("scan", { url });
  try {
    for await (const event of job.events()) if (event.kind === "progress") show(event.progress.percent);
    return await job.result({ timeout: "1m" });
  } catch (error) {
    if (error instanceof HttpProblem) return error.code;
    throw error;
  }
}
