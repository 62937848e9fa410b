/**
 * The queue with Poisson arrivals, exponential service times and c servers (M/M/c), after Erlang: how likely a job must wait, and how long.
 * https://en.wikipedia.org/wiki/Erlang_(unit)#Erlang_C_formula
 */

/**
 * The probability that a job finds all servers taken.
 * @param load arrivals per time times the mean service time: how many servers are busy on the average
 * @param servers a whole number of 1 or more; with no more than `load` of them every job waits
 */
export function erlangC(load: number, servers: number): number {
  if (load <= 0) return 0;
  if (servers <= load) return 1;
  // Erlang B by its recursion: the factorials of the formula itself are too large for numbers from 170 servers on.
  let blocked = 1;
  for (let n = 1; n <= servers; n += 1) blocked = (load * blocked) / (n + load * blocked);
  return blocked / (1 - (load / servers) * (1 - blocked));
}

/** A queue with `servers` servers; times in any unit, the same for all. */
export interface QueueModel {
  /** Arrivals per time. */
  readonly arrivals: number;
  /** The mean service time. */
  readonly service: number;
  readonly servers: number;
  /**
   * How much longer than with exponential service times a job waits, (1 + Cs²) / 2 with the squared coefficient of variation of the service
   * times, after Allen and Cunneen: exact for one server (Pollaczek and Khinchine), an approximation for more.
   */
  readonly spread: number;
}

/** The mean wait; infinite when there are too few servers. */
export function meanWait({ arrivals, service, servers, spread }: QueueModel): number {
  const load = arrivals * service;
  if (load <= 0) return 0;
  return servers <= load ? Number.POSITIVE_INFINITY : ((erlangC(load, servers) * service) / (servers - load)) * spread;
}

/** The wait that a share of the jobs, such as 0.95, does not exceed. */
export function waitOfShare({ arrivals, service, servers, spread }: QueueModel, share: number): number {
  const load = arrivals * service;
  if (load <= 0) return 0;
  if (servers <= load) return Number.POSITIVE_INFINITY;
  const waits = erlangC(load, servers);
  return waits <= 1 - share ? 0 : ((Math.log(waits / (1 - share)) * service) / (servers - load)) * spread;
}

/** The fewest servers with which this share of the jobs waits no longer than `target`; `null` where more than `most` are needed. */
export function serversFor(
  { arrivals, service, spread }: Omit<QueueModel, "servers">,
  { target, share, most }: { readonly target: number; readonly share: number; readonly most: number },
): number | null {
  // Fewer than the load can never do. The wait falls with each server more, so the place is found by halving.
  let [low, high] = [Math.max(1, Math.floor(arrivals * service) + 1), most];
  const does = (servers: number): boolean => waitOfShare({ arrivals, service, servers, spread }, share) <= target;
  if (low > most || !does(most)) return null;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (does(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
