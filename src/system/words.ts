/**
 * Splits a command line into its words as POSIX shells do, without anything else that shells do: blanks part words, single quotes
 * keep all, double quotes keep all but backslashes, a backslash keeps the next character, `#` at the start of a word begins a
 * comment. Undefined where a quote is not closed or a backslash ends the text.
 */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === "\\" && quote !== "'") {
      if (++i === text.length) return undefined;
      word = (word ?? "") + text.charAt(i);
    } else if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else word = (word ?? "") + character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === "#" && word === undefined) {
      i = endOfLine(text, i);
    } else {
      word = (word ?? "") + character;
    }
  }
  if (quote !== undefined) return undefined;
  if (word !== undefined) words.push(word);
  return words;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}
