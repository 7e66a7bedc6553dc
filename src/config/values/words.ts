/**
 * The words of commands as a POSIX shell would split them, and nothing else that a shell does: quotes, backslashes, and
 * comments behind #. Each of `separators` ends a command outside of quotes. Undefined when a quote does not end.
 */
export function splitCommands(
  text: string,
  separators: string,
): readonly (readonly string[])[] | undefined {
  const comment = /#[^\n]*/y;
  const piece =
    /'(?<literal>[^']*)'|"(?<quoted>(?:[^"\\]|\\[^])*)"|\\(?<escaped>[^]?)|(?<plain>[^'"])/y;
  const commands: string[][] = [[]];
  let word: string | undefined;
  const endWord = (): void => {
    if (word !== undefined) commands.at(-1)?.push(word);
    word = undefined;
  };
  for (let i = 0; i < text.length;) {
    const isComment = word === undefined && text[i] === "#";
    const pattern = isComment ? comment : piece;
    pattern.lastIndex = i;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    i = pattern.lastIndex;
    if (isComment) continue;
    const { literal, quoted, escaped, plain } = match.groups ?? {};
    if (plain !== undefined && separators.includes(plain)) {
      endWord();
      commands.push([]);
    } else if (plain !== undefined && /\s/.test(plain)) {
      endWord();
    } else {
      word = (word ?? "") + (literal ?? escaped ?? plain ??
        quoted?.replace(/\\(["\\$`])/g, "$1") ?? "");
    }
  }
  endWord();
  return commands.filter((words) => words.length > 0);
}
