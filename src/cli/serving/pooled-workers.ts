/** Workers in processes of their own, beside the server: what they compute does not hold it up, and one that dies is replaced. */
import { Pool, type PoolOptions } from "../pool/worker-pool.js";
import type { Workers } from "./workers.js";

export function pooledWorkers(options: PoolOptions): Workers {
  const pool = new Pool(options);
  pool.start();
  return {
    finished: pool.finished,
    ready: () => pool.ready(),
    stop: (why) => pool.stop(why),
  };
}
