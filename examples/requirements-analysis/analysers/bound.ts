// Whether a text states a limit that one can measure: a number with a unit, a comparison, or "at most three".

const unit =
  "(?:ms|s|sec|secs|seconds?|min|mins|minutes?|h|hours?|days?|weeks?|months?|years?|%|percent|B|bytes?|[KMGT]i?B|" +
  "×|x|times|jobs?|rows?|requests?|workers?|connections?|users?|cores?|commands?|attempts?|retries|runs|replicas|" +
  "characters?|pages?)";
const numberWord = "(?:\\d[\\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|zero)";

const bounds: readonly RegExp[] = [
  new RegExp(`\\d(?:[\\d.,–-]|\\s*k)*\\s?${unit}(?![\\w])`, "i"),
  /[<>≤≥≈±]\s?=?\s?\d/,
  new RegExp(
    `\\b(?:at most|at least|exactly|within|under|below|over|above|up to|less than|more than|fewer than|no more than|` +
      `maximum|minimum|every)(?: of)? ${numberWord}\\b`,
    "i",
  ),
];

/** Whether `text` contains a measurable limit. */
export function statesBound(text: string): boolean {
  return bounds.some((bound) => bound.test(text));
}
