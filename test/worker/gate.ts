/** A door that handlers wait at until the test opens it. */
export interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

export function makeGate(): Gate {
  const door = new EventTarget();
  const opened = new Promise<void>((resolve) => {
    door.addEventListener("open", () => resolve());
  });
  return { opened, open: () => void door.dispatchEvent(new Event("open")) };
}
