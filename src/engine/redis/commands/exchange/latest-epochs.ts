/**
 * The latest epoch under which each session was leased jobs, by queue: exchanges say it, and the queue gives later ones. A
 * queue numbers its exchanges itself; after a failover that lost its last writes it would give the same session the same job
 * under the same epoch again, and what the first run of the two still sends would count as said by the second.
 */
export class LatestEpochs {
  readonly #epochs = new Map<string, Map<string, number>>();

  /** 0 when the session was leased nothing yet. */
  of(session: string, queue: string): number {
    return this.#epochs.get(session)?.get(queue) ?? 0;
  }

  /** The session was leased jobs. */
  note(session: string, queue: string, epoch: number): void {
    let epochs = this.#epochs.get(session);
    if (epochs === undefined) this.#epochs.set(session, (epochs = new Map<string, number>()));
    if (epoch > (epochs.get(queue) ?? 0)) epochs.set(queue, epoch);
  }

  /** The session has ended. */
  forget(session: string): void {
    this.#epochs.delete(session);
  }
}
