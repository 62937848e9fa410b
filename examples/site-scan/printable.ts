// Text from elsewhere on a terminal, in a log or in a report.

/** `text` on one line with control and invisible characters written out, so that it can neither move a cursor nor hide. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
  });
}
