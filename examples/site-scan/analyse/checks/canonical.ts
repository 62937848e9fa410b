import type { Check } from "../finding.js";

export const canonical: Check = {
  code: "canonical",
  rule: "A page that names its canonical address names one on its own site.",
  check: ({ document }) => {
    const { canonical: address, url } = document;
    if (address === undefined || new URL(address).origin === new URL(url).origin) return [];
    return [{ severity: "low", explanation: `The canonical address ${address} is on another site.` }];
  },
};
