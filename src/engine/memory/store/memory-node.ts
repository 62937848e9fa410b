/** What the memory engine says of its store: it is this process, takes what it is given, and keeps nothing beyond it. */
import { NODE_UNKNOWN, type StoreNode } from "../../contract/store.js";

export const MEMORY_NODE: StoreNode = {
  ...NODE_UNKNOWN,
  name: "memory",
  software: "memory",
  writable: true,
  refusal: null,
  persistence: { text: "none", kind: "none", synced: false, lastSaveOk: null, lastSaveAt: null },
  clockAhead: 0,
  clockAccuracy: 0,
};
