/**
 * A client of the scenario `live`: a socket of its own to the server, and how long each report took to come. What comes is kept with the
 * moment at which it came, and read after all is over: reading it for 200 clients in one process would be measured otherwise.
 */
import { once } from "node:events";
import { Agent, request, type ClientRequest, type IncomingMessage } from "node:http";
import { moment } from "../../moment.js";
import { NotVerified } from "../../scenario.js";

interface Change {
  readonly kind: string;
  readonly jobId?: string;
  readonly progress?: { readonly message: string | null };
}

/** What the reports of a client say. */
export interface Received {
  /** Milliseconds from the call in the handler to its receipt. */
  readonly latencies: readonly number[];
  /** The jobs of which anything came. */
  readonly jobs: ReadonlySet<string>;
}

export class Follower {
  isCounting = false;
  readonly #chunks: { readonly at: number; readonly data: Buffer }[] = [];
  #isOver = false;
  readonly #request: ClientRequest;

  private constructor(begun: ClientRequest) {
    this.#request = begun;
  }

  /** Follows some topics; resolves when all of them have begun. */
  static async start(port: number, topics: readonly string[]): Promise<Follower> {
    const query = topics.map((topic) => `topics=${encodeURIComponent(topic)}`).join("&");
    const agent = new Agent({ keepAlive: false });
    const begun = request({ host: "127.0.0.1", port, path: `/api/events?${query}`, agent });
    begun.end();
    const follower = new Follower(begun);
    const [response] = (await once(begun, "response")) as [IncomingMessage];
    if (response.statusCode !== 200) throw new NotVerified(`the server answered ${response.statusCode}`);
    await new Promise<void>((resolve) => follower.#keep(response, topics.length, resolve));
    return follower;
  }

  /** Reads what came while it counted. @throws NotVerified when the stream ended, or a snapshot took the place of changes */
  received(): Received {
    if (this.#isOver) throw new NotVerified("the server ended a stream");
    const latencies: number[] = [];
    const jobs = new Set<string>();
    let text = "";
    for (const { at, data } of this.#chunks) {
      const frames = (text + data.toString("latin1")).split("\n\n");
      text = frames.pop() ?? "";
      for (const frame of frames) {
        if (frame.startsWith("event: snapshot")) throw new NotVerified("a snapshot took the place of changes");
        for (const [jobId, calledAt] of reportsOf(frame)) {
          jobs.add(jobId);
          latencies.push(at - calledAt);
        }
      }
    }
    return { latencies, jobs };
  }

  stop(): void {
    this.#request.destroy();
  }

  #keep(response: IncomingMessage, topics: number, begun: () => void): void {
    let head = "";
    response.on("error", () => {});
    response.on("data", (data: Buffer) => {
      const at = moment();
      if (this.isCounting) this.#chunks.push({ at, data });
      if (head === "begun") return;
      head += data.toString("latin1");
      if (head.split("event: snapshot").length <= topics || !head.endsWith("\n\n")) return;
      head = "begun";
      begun();
    });
    response.on("end", () => {
      this.#isOver = true;
    });
  }
}

/** The reports of a frame: of which job, and when the handler made it. The first frame may be half one. */
function reportsOf(frame: string): [string, number][] {
  const start = frame.indexOf("\ndata: ");
  if (!frame.startsWith("event: delta") || start === -1) return [];
  const { events } = JSON.parse(frame.slice(start + 7)) as { readonly events: readonly Change[] };
  return events.flatMap(({ kind, jobId, progress }): [string, number][] => {
    if (kind !== "progress" || jobId === undefined || progress === undefined) return [];
    return [[jobId, Number(progress.message)]];
  });
}
