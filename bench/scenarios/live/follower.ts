/** A client of the scenario `live`: a socket of its own to the server, and how long each report took to come. */
import { once } from "node:events";
import { Agent, request, type ClientRequest, type IncomingMessage } from "node:http";
import { moment } from "../../moment.js";
import { NotVerified } from "../../scenario.js";

interface Change {
  readonly kind: string;
  readonly jobId?: string;
  readonly progress?: { readonly message: string | null };
}

export class Follower {
  /** Milliseconds from the call in the handler to its receipt here. */
  readonly latencies: number[] = [];
  /** The jobs of which anything came. */
  readonly jobs = new Set<string>();
  isCounting = false;
  #frames = 0;
  #snapshots = 0;
  #failure: string | null = null;
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
    await new Promise<void>((resolve) => follower.#read(response, topics.length, resolve));
    return follower;
  }

  /** How many frames came. @throws NotVerified when the stream ended, or began anew with snapshots */
  check(topics: number): number {
    if (this.#failure !== null) throw new NotVerified(this.#failure);
    if (this.#snapshots > topics) throw new NotVerified("a snapshot took the place of changes");
    return this.#frames;
  }

  stop(): void {
    this.#request.destroy();
  }

  #read(response: IncomingMessage, topics: number, begun: () => void): void {
    let text = "";
    response.setEncoding("utf8");
    response.on("error", () => {});
    response.on("data", (data: string) => {
      const at = moment();
      text += data;
      for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
        this.#take(text.slice(0, end), at);
        text = text.slice(end + 2);
        if (this.#snapshots === topics) begun();
      }
    });
    response.on("end", () => {
      this.#failure ??= "the server ended a stream";
    });
  }

  #take(frame: string, at: number): void {
    if (frame.startsWith("event: snapshot")) this.#snapshots += 1;
    if (frame.startsWith("event: end")) this.#failure = `the server ended a stream: ${frame}`;
    if (!frame.startsWith("event: delta") || !this.isCounting) return;
    this.#frames += 1;
    const data = JSON.parse(frame.slice(frame.indexOf("\ndata: ") + 7)) as { readonly events: readonly Change[] };
    for (const { kind, jobId, progress } of data.events) {
      if (kind !== "progress" || jobId === undefined || progress === undefined) continue;
      this.jobs.add(jobId);
      this.latencies.push(at - Number(progress.message));
    }
  }
}
