/** What is forged, by what is wrong with it. */
export const MESSAGES: Readonly<Record<string, object>>;
