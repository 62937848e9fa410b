/**
 * Which keys name secrets: those with the word password, secret, credentials, token, authorization, cookie or api key in them, however
 * they are written: `dbPassword`, `pwd`, `client_secret`, `X-Api-Key`, `accesstoken`. Words, not parts of words: a `secretary` and a `tokenizer` stay.
 * What is stored beneath decides, too, since language models count tokens: `maxTokens: 4096` and `tokens: { input: 12 }` are
 * numbers and stay; `token: 123456` may be a code that was sent to a phone, and goes. `true`, `false` and `null` give nothing
 * away: `hasPassword: true` stays.
 */

/** Words that name secrets whatever stands beneath. */
const SECRETS = [
  ...["password", "passwd", "pwd", "passphrase", "secret", "credential"],
  ...["authorization", "cookie", "apikey", "privatekey"],
];
const TOKEN = "token";
/** Words that, beside each other, name secrets. */
const PAIRS: readonly (readonly [string, string])[] = [
  ["api", "key"],
  ["private", "key"],
  ["pass", "word"],
  ["pass", "phrase"],
  // What makes the address of a file in a store a key to it.
  ["amz", "signature"],
  ["goog", "signature"],
];

/** The longest key that is taken apart (characters); a longer one is no name of anything. */
const LONGEST_KEY = 200;
/** How many values below a key like `tokens` are looked at, to see whether all are numbers. */
const MOST_NUMBERS = 100;

type Kind = "secret" | "token" | "tokens" | "plain";

/** Does a key with this value beneath name a secret? */
export function isSecret(key: string, value: unknown): boolean {
  const kind = kindOf(key);
  if (kind === "plain" || value === null || value === undefined || typeof value === "boolean") return false;
  return kind !== "tokens" || !isNumbers(value);
}

const known = new Map<string, Kind>();
const MOST_KNOWN = 2_000;

/** What a key names. Payloads have few different keys, so they are remembered. */
function kindOf(key: string): Kind {
  if (key.length > LONGEST_KEY) return "plain";
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size >= MOST_KNOWN) known.clear();
  const kind = read(wordsOf(key));
  known.set(key, kind);
  return kind;
}

function read(words: readonly string[]): Kind {
  if (words.some((word) => SECRETS.some((secret) => isOrEndsWith(word, secret)))) return "secret";
  if (PAIRS.some(([first, second]) => words.some((word, at) => word === first && singular(words[at + 1]) === second)))
    return "secret";
  const last = words.findLastIndex((word) => isOrEndsWith(word, TOKEN));
  if (last === -1) return "plain";
  // One token at the end of the name is the thing itself; several, or one that is counted, may be a number of them.
  return last === words.length - 1 && singular(words[last]) === words[last] ? "token" : "tokens";
}

/** Is the word this one, perhaps several of it, perhaps written together with others before it? */
function isOrEndsWith(word: string, end: string): boolean {
  return word.endsWith(end) || word.endsWith(`${end}s`) || (end === "password" && word.startsWith(end));
}

function singular(word: string | undefined): string | undefined {
  return word?.endsWith("s") ? word.slice(0, -1) : word;
}

/** `X-Api-Key`, `apiKey2`, `APIKey` and `api_key` are made of the same words. */
function wordsOf(key: string): string[] {
  return key
    .replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, " ")
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== "");
}

function isNumbers(value: unknown): boolean {
  const left = [value];
  for (let seen = 0; left.length > 0; seen += 1) {
    if (seen === MOST_NUMBERS) return false;
    const one = left.pop();
    if (typeof one === "number" || one === null || typeof one === "boolean") continue;
    if (typeof one !== "object") return false;
    const inner: unknown[] = Object.values(one);
    if (inner.length > MOST_NUMBERS) return false;
    left.push(...inner);
  }
  return true;
}
