/** Why a store refuses what it is asked to write, in words. */
import { EngineClosed } from "../../model/errors/errors.js";

/** What a write failed with; `null`: it did not. @throws EngineClosed */
export async function refusalOf(write: () => Promise<unknown>): Promise<string | null> {
  try {
    await write();
    return null;
  } catch (error) {
    if (error instanceof EngineClosed) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}
